import type { DeviceEffect, DeviceEvent, Instant, Outcome } from "../../device/contract.ts";
import { Device } from "../../device/device.ts";
import { Random } from "../../device/random.ts";
import type { DeviceSettings } from "../../device/settings.ts";
import { DeadlineHeap, NOT_IN_HEAP, type Scheduled } from "../../gateway/deadline-heap.ts";
import { type HostPort, hostPortText } from "../configuration/host-port.ts";
import { TIMEOUT_MS_MAX } from "../timeout-ms-max.ts";
import type { Radio } from "./radio.ts";
import { SimulatedForwarder } from "./simulated-forwarder.ts";
import { type GatewayPlace, UdpRadio } from "./udp-radio.ts";

interface DeviceHostOptions {
  gateway: HostPort;
  /** The share of datagrams that is lost, in each direction: 0 to 1. */
  loss: number;
  seed: number;
}

/** One device with its radio. Outcomes come one after the other, never from within `handle`'s own effects. */
export class HostedDevice implements Scheduled {
  readonly device: Device;
  readonly #host: DeviceHost;
  readonly #onOutcome: (outcome: Outcome, now: Instant) => void;
  readonly #radio: Radio;
  /** Events that came while another one was performed; made when needed. */
  #waiting: DeviceEvent[] | undefined;
  #isHandling = false;
  #isClosed = false;
  heapIndex = NOT_IN_HEAP;
  heapDue = 0;

  constructor(host: DeviceHost, device: Device, radio: Radio, onOutcome: (outcome: Outcome, now: Instant) => void) {
    this.device = device;
    this.#host = host;
    this.#radio = radio;
    this.#onOutcome = onOutcome;
    radio.onDatagram = (data) => {
      if (!this.#host.loses()) this.handle({ type: "datagram", data });
    };
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

  /**
   * Connects to another gateway; the device is disconnected from the last one, which does not answer (K6). Rejects with a sentence for
   * people where that cannot be.
   */
  async moveTo(gateway: HostPort): Promise<void> {
    await this.#radio.moveTo(gateway);
    if (!this.#isClosed) this.handle({ type: "connect", gateway: hostPortText(gateway) });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.forget(this);
    this.#radio.close();
  }

  #perform(effect: DeviceEffect, now: Instant): void {
    if (effect.type !== "send") this.#onOutcome(effect, now);
    else if (!this.#isClosed && !this.#host.loses()) this.#radio.send(effect.data);
  }
}

/**
 * Runs devices over UDP. A gateway tells them apart by their addresses: each has a socket of its own, or is a node of a forwarder, which
 * has one.
 */
export class DeviceHost {
  /** The first error of a socket that says that nobody listens at the gateway's address. */
  unreachable: Error | undefined;
  /** Called with every such error. */
  onUnreachable: (() => void) | undefined;
  readonly #place: GatewayPlace;
  readonly #loss: number;
  readonly #random: Random;
  readonly #heap = new DeadlineHeap<HostedDevice>();
  readonly #devices = new Set<HostedDevice>();
  /** Those of forwarders. */
  readonly #sharedRadios: UdpRadio[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerDue: Instant = Number.POSITIVE_INFINITY;

  private constructor(place: GatewayPlace, { loss, seed }: DeviceHostOptions) {
    this.#place = place;
    this.#loss = loss;
    this.#random = new Random(seed);
  }

  /** Looks the gateway's name up. Rejects with a sentence for people where there is no such host. */
  static async open(options: DeviceHostOptions): Promise<DeviceHost> {
    return new DeviceHost(await UdpRadio.locate(options.gateway), options);
  }

  /** A new device, disconnected, with a socket of its own unless it has a radio. Resolves when its socket is ready. */
  async add(
    settings: DeviceSettings,
    seed: number,
    onOutcome: (outcome: Outcome, now: Instant) => void,
    radio?: Radio,
  ): Promise<HostedDevice> {
    const device = new Device(settings, seed);
    const hosted = new HostedDevice(this, device, radio ?? (await this.#openRadio()), onOutcome);
    this.#devices.add(hosted);
    return hosted;
  }

  /** A forwarder without nodes. */
  async addForwarder(): Promise<SimulatedForwarder> {
    const radio = await this.#openRadio();
    this.#sharedRadios.push(radio);
    return new SimulatedForwarder(radio);
  }

  /** Closes every device's socket, whatever the device is at. */
  close(): void {
    for (const device of this.#devices) device.close();
    for (const radio of this.#sharedRadios.splice(0)) radio.close();
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

  #openRadio(): Promise<UdpRadio> {
    // ECONNREFUSED and its like: the datagram is lost. Retransmission deals with it, and the device gives up in the end.
    return UdpRadio.open(this.#place, (error) => {
      this.unreachable ??= error;
      this.onUnreachable?.();
    });
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
