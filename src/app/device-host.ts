import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import type { DeviceEffect, DeviceEvent, Instant, Outcome } from "../device/contract.ts";
import { Device } from "../device/device.ts";
import { Random } from "../device/random.ts";
import type { DeviceSettings } from "../device/settings.ts";
import { DeadlineHeap, NOT_IN_HEAP, type Scheduled } from "../gateway/deadline-heap.ts";
import { type HostPort, hostPortText } from "./host-port.ts";

/** setTimeout takes no more (2^31 − 1 ms); a later deadline is looked at again then. */
const TIMEOUT_MS_MAX = 2_147_483_647;

export interface DeviceHostOptions {
  gateway: HostPort;
  /** The share of datagrams that is lost, in each direction: 0 to 1. */
  loss: number;
  seed: number;
}

/** One device with its socket. Outcomes come one after the other, never from within `handle`'s own effects. */
export class HostedDevice implements Scheduled {
  readonly device: Device;
  readonly #host: DeviceHost;
  readonly #onOutcome: (outcome: Outcome, now: Instant) => void;
  readonly #socket: Socket;
  /** Events that came while another one was performed; made when needed. */
  #waiting: DeviceEvent[] | undefined;
  #isHandling = false;
  #isClosed = false;
  heapIndex = NOT_IN_HEAP;
  heapDue = 0;

  constructor(host: DeviceHost, device: Device, socket: Socket, onOutcome: (outcome: Outcome, now: Instant) => void) {
    this.device = device;
    this.#host = host;
    this.#socket = socket;
    this.#onOutcome = onOutcome;
    socket.on("message", (data) => {
      if (!this.#host.loses()) this.handle({ type: "datagram", data });
    });
  }

  get deadline(): Instant {
    return this.#isClosed ? Number.POSITIVE_INFINITY : this.device.deadline;
  }

  handle(event: DeviceEvent): void {
    if (this.#isHandling) {
      this.#waiting ??= [];
      this.#waiting.push(event);
      return;
    }
    this.#isHandling = true;
    for (let next: DeviceEvent | undefined = event; next !== undefined; next = this.#waiting?.shift()) {
      const now = performance.now();
      for (const effect of this.device.handle(next, now)) this.#perform(effect, now);
    }
    this.#isHandling = false;
    this.#host.schedule(this);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.forget(this);
    this.#socket.close();
  }

  #perform(effect: DeviceEffect, now: Instant): void {
    if (effect.type !== "send") this.#onOutcome(effect, now);
    // What cannot be sent is a lost datagram: the socket's error event says why.
    else if (!this.#isClosed && !this.#host.loses()) this.#socket.send(effect.data);
  }
}

/** Runs devices over UDP, each with a socket of its own: a gateway tells devices apart by their addresses. */
export class DeviceHost {
  /** The first error of a socket that says that nobody listens at the gateway's address. */
  unreachable: Error | undefined;
  /** Called with every such error. */
  onUnreachable: (() => void) | undefined;
  readonly #address: string;
  readonly #family: 4 | 6;
  readonly #port: number;
  readonly #loss: number;
  readonly #random: Random;
  readonly #heap = new DeadlineHeap<HostedDevice>();
  readonly #devices = new Set<HostedDevice>();
  #timer: NodeJS.Timeout | undefined;
  #timerDue: Instant = Number.POSITIVE_INFINITY;

  private constructor(address: string, family: 4 | 6, { gateway, loss, seed }: DeviceHostOptions) {
    this.#address = address;
    this.#family = family;
    this.#port = gateway.port;
    this.#loss = loss;
    this.#random = new Random(seed);
  }

  /** Looks the gateway's name up. Rejects with a sentence for people where there is no such host. */
  static async open(options: DeviceHostOptions): Promise<DeviceHost> {
    const { gateway } = options;
    try {
      const { address, family } = await lookup(gateway.host);
      return new DeviceHost(address, family === 6 ? 6 : 4, options);
    } catch (cause) {
      throw new Error(`udp://${hostPortText(gateway)}: the host ${gateway.host} is not known`, { cause });
    }
  }

  /** A new device, disconnected. Resolves when its socket is ready. */
  add(
    settings: DeviceSettings,
    seed: number,
    onOutcome: (outcome: Outcome, now: Instant) => void,
  ): Promise<HostedDevice> {
    // The address is known: without this Node asks the resolver for every socket, in a thread.
    const socket = createSocket({
      type: this.#family === 6 ? "udp6" : "udp4",
      lookup: (_host, _options, callback) => callback(null, this.#address, this.#family),
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(this.#port, this.#address, () => {
        socket.off("error", reject);
        // ECONNREFUSED and its like: the datagram is lost. Retransmission deals with it, and the device gives up in the end.
        socket.on("error", (error) => {
          this.unreachable ??= error;
          this.onUnreachable?.();
        });
        const hosted = new HostedDevice(this, new Device(settings, seed), socket, onOutcome);
        this.#devices.add(hosted);
        resolve(hosted);
      });
    });
  }

  /** Closes every device's socket, whatever the device is at. */
  close(): void {
    for (const device of this.#devices) device.close();
    clearTimeout(this.#timer);
  }

  /** Whether chance loses this datagram. */
  loses(): boolean {
    return this.#loss > 0 && this.#random.next() < this.#loss;
  }

  schedule(device: HostedDevice): void {
    this.#heap.schedule(device);
    this.#arm();
  }

  forget(device: HostedDevice): void {
    this.#heap.remove(device);
    this.#devices.delete(device);
  }

  #arm(): void {
    const due = this.#heap.next;
    if (due >= this.#timerDue || due === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    const delayMs = Math.min(Math.max(Math.ceil(due - performance.now()), 0), TIMEOUT_MS_MAX);
    this.#timer = setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let device = this.#heap.takeDue(now); device !== undefined; device = this.#heap.takeDue(now)) {
      device.handle({ type: "deadline" });
    }
    this.#arm();
  }
}
