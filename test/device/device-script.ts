import { expect } from "vitest";
import type { DeviceEffect, DeviceEvent, Outcome } from "../../src/device/contract.ts";
import { Device } from "../../src/device/device.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../src/device/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

/** Some fields of a message, with its type. */
type Sketch = { type: Message["type"] } & Record<string, unknown>;

/**
 * A device against a gateway that the test plays, as a script of arrows in virtual time. Every effect has to be named before the next thing
 * happens; one that was not fails the test.
 */
export class DeviceScript {
  readonly device: Device;
  now = 0;
  #effects: DeviceEffect[] = [];

  constructor(settings: Partial<DeviceSettings> = {}) {
    // Without jitter the times of a test are round.
    this.device = new Device({ ...DEFAULT_DEVICE_SETTINGS, clientId: "d1", jitter: 0, ...settings }, 1);
  }

  /** The application asks for something, or time passes. */
  does(event: DeviceEvent): this {
    this.nothing();
    this.#effects.push(...this.device.handle(event, this.now));
    return this;
  }

  /** A message of the gateway arrives. */
  hears(message: Message): this {
    return this.does({ type: "datagram", data: encode(message) });
  }

  /** Time passes; what becomes due on the way happens at its time. */
  after(ms: number): this {
    this.nothing();
    const end = this.now + ms;
    while (this.device.deadline <= end) {
      this.now = Math.max(this.now, this.device.deadline);
      this.#effects.push(...this.device.handle({ type: "deadline" }, this.now));
    }
    this.now = end;
    return this;
  }

  /** The next effect is this message to the gateway. Returns it whole. */
  sends(sketch: Sketch): Message {
    const effect = this.#effects.shift();
    expect(effect, `nothing was sent, ${sketch.type} expected`).toBeDefined();
    const message = effect!.type === "send" ? decode(effect!.data) : effect;
    expect(message).toMatchObject(sketch);
    return message as Message;
  }

  /** The next effect is this message, sent again for want of an answer. */
  repeats(sketch: Sketch): this {
    this.sends(sketch);
    return this.tells({ type: "retransmitted", message: sketch.type } as Outcome);
  }

  /** The next effect tells the application this. */
  tells(outcome: Outcome | (Pick<Outcome, "type"> & Record<string, unknown>)): this {
    expect(this.#effects.shift()).toMatchObject(outcome);
    return this;
  }

  /** Nothing more has happened. */
  nothing(): this {
    expect(this.#effects.map((effect) => (effect.type === "send" ? decode(effect.data) : effect))).toEqual([]);
    return this;
  }

  connects(): this {
    this.does({ type: "connect" }).sends({ type: "CONNECT" });
    this.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    return this;
  }

  /** Has the topic registered; answers with this id. */
  registers(topicName: string, topicId: number): this {
    this.does({ type: "register", token: 0, topicName });
    const { msgId } = this.sends({ type: "REGISTER", topicName }) as { msgId: number };
    this.hears({ type: "REGACK", topicId, msgId, returnCode: 0 });
    return this.tells({ type: "registered", token: 0, result: "accepted", returnCode: 0 });
  }
}
