import type { DeviceEffect, DeviceEvent, Instant } from "../../../src/device/contract.ts";
import type { Device, DeviceState } from "../../../src/device/device.ts";
import { decode } from "../../../src/sn/decode.ts";
import { encode } from "../../../src/sn/encode.ts";
import type { DeviceEnd } from "./device-end.ts";
import type { Quirks } from "./quirks.ts";

/** A client of somebody else: ours, as far as it can be told apart from outside, with the other's quirks. */
export class QuirkyDevice implements DeviceEnd {
  readonly #device: Device;
  readonly #quirks: Quirks;

  constructor(device: Device, quirks: Quirks) {
    this.#device = device;
    this.#quirks = quirks;
  }

  get state(): DeviceState {
    return this.#device.state;
  }

  get gateway(): string | undefined {
    return this.#device.gateway;
  }

  get deadline(): Instant {
    return this.#device.deadline;
  }

  handle(event: DeviceEvent, now: Instant): DeviceEffect[] {
    const effects = event.type === "datagram" ? this.#hear(event.data, now) : this.#device.handle(event, now);
    for (const effect of effects) {
      if (effect.type !== "send") continue;
      const message = decode(effect.data);
      if (message.type !== "malformed") this.#quirks.says(message);
    }
    return effects;
  }

  #hear(data: Uint8Array, now: Instant): DeviceEffect[] {
    const message = decode(data);
    if (message.type === "malformed") return [];
    const hearing = this.#quirks.hears(message, this.state);
    if (hearing === "ignored") return [];
    if (hearing === "heard") return this.#device.handle({ type: "datagram", data }, now);
    if ("answer" in hearing) return [{ type: "send", data: encode(hearing.answer) }];
    return this.#device.handle({ type: "datagram", data: encode(hearing.heardAs) }, now);
  }
}
