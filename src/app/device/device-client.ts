import type {
  DeviceQoS,
  DeviceTopic,
  DisconnectReason,
  Outcome,
  ReceivedMessage,
  Result,
  Token,
} from "../../device/contract.ts";
import type { DeviceSettings } from "../../device/settings.ts";
import { sleepDurationFor } from "../../device/sleep-duration.ts";
import { RETURN_CODE } from "../../sn/return-code.ts";
import { type HostPort, hostPortText } from "../configuration/host-port.ts";
import { programInvocation } from "../invocation.ts";
import { within } from "../within.ts";
import { DeviceHost, type HostedDevice } from "./device-host.ts";

/** How long `close` waits for the gateway's answer to DISCONNECT. */
const CLOSE_MS_MAX = 2000;

interface Answer {
  result: Result;
  returnCode: number;
}

/** One device for a command: its requests are promises, and what goes wrong is an Error with a sentence for the user. */
export class DeviceClient {
  /** Called with every message that arrives. */
  onMessage: (message: ReceivedMessage) => void = () => {};
  /** Called when the connection is lost, or refused, after it was made once. `isSilent`: the gateway does not answer. */
  onDisconnected: (sentence: string, reconnecting: boolean, isSilent: boolean) => void = () => {};
  /** Called when the connection is there again after `onDisconnected` said that it is tried. */
  onReconnected: (sentence: string) => void = () => {};
  /** Called when the gateway says that it did not take a message of QoS 0: `publish` had resolved by then. */
  onRefused: (sentence: string) => void = () => {};
  #gateway: HostPort;
  readonly #host: DeviceHost;
  readonly #settings: DeviceSettings;
  readonly #answers = new Map<Token, (answer: Answer) => void>();
  #hosted: HostedDevice | undefined;
  #token = 0;
  /** undefined: it stays awake. */
  #wakeEveryMs: number | undefined;
  #refusal: number | undefined;
  #wasConnected = false;
  #isReconnecting = false;
  #onConnected: (() => void) | undefined;
  #onEnded: ((sentence: string) => void) | undefined;

  private constructor(gateway: HostPort, host: DeviceHost, settings: DeviceSettings) {
    this.#gateway = gateway;
    this.#host = host;
    this.#settings = settings;
  }

  /** With `wirelessNodeId` the client is a node behind a forwarder. */
  static async open(
    gateway: HostPort,
    settings: DeviceSettings,
    wirelessNodeId?: Uint8Array | undefined,
  ): Promise<DeviceClient> {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const host = await DeviceHost.open({ gateway, loss: 0, seed });
    const client = new DeviceClient(gateway, host, settings);
    const radio = wirelessNodeId === undefined ? undefined : (await host.addForwarder()).node(wirelessNodeId);
    client.#hosted = await host.add(settings, seed, (outcome) => client.#onOutcome(outcome), radio);
    return client;
  }

  get gateway(): HostPort {
    return this.#gateway;
  }

  /** Resolves when the gateway has accepted. Rejects where it refuses, or does not answer, the first time. */
  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onConnected = resolve;
      this.#onEnded = (sentence) => reject(new Error(sentence));
      this.#host.onUnreachable = () => reject(new Error(this.#nobodyListens()));
      this.#hosted?.handle({ type: "connect", gateway: hostPortText(this.#gateway) });
    });
    this.#host.onUnreachable = undefined;
  }

  /** Goes on at another gateway: this one does not answer. Rejects with a sentence where that cannot be. */
  async moveTo(gateway: HostPort): Promise<void> {
    await this.#hosted?.moveTo(gateway);
    this.#gateway = gateway;
    this.#host.unreachable = undefined;
    if (this.#wakeEveryMs !== undefined) this.sleep(this.#wakeEveryMs);
  }

  /** Resolves when the gateway has acknowledged, at QoS 0 when the message is sent. */
  async publish(topic: DeviceTopic, qos: DeviceQoS, retain: boolean, data: Uint8Array): Promise<void> {
    const answer = await this.#request((token) => ({ type: "publish", token, topic, qos, retain, data }));
    if (answer.result !== "accepted") throw new Error(`not published: ${this.#because(answer)}`);
  }

  /** QoS −1: no connection, no answer. */
  publishUnconnected(topic: DeviceTopic, retain: boolean, data: Uint8Array): void {
    this.#hosted?.handle({ type: "publish-unconnected", topic, retain, data });
  }

  async subscribe(topic: DeviceTopic, qos: DeviceQoS): Promise<void> {
    const answer = await this.#request((token) => ({ type: "subscribe", token, topic, qos }));
    if (answer.result !== "accepted") throw new Error(`not subscribed: ${this.#because(answer)}`);
  }

  /** Sleeps from now on, and wakes every `wakeEveryMs` to collect what has come. */
  sleep(wakeEveryMs: number): void {
    this.#wakeEveryMs = wakeEveryMs;
    this.#hosted?.handle({ type: "sleep", duration: sleepDurationFor(wakeEveryMs, this.#settings), wakeEveryMs });
  }

  /** Disconnects, if connected, and closes the socket; bounded. */
  async close(): Promise<void> {
    const hosted = this.#hosted;
    if (this.#wasConnected && hosted !== undefined && hosted.device.state !== "disconnected") {
      const ended = new Promise<string>((resolve) => {
        this.#onEnded = resolve;
        this.#onConnected = undefined;
      });
      hosted.handle({ type: "disconnect" });
      await within(ended, CLOSE_MS_MAX);
    }
    this.#host.close();
  }

  #request(make: (token: Token) => Parameters<HostedDevice["handle"]>[0]): Promise<Answer> {
    this.#token += 1;
    const token = this.#token;
    return new Promise((resolve) => {
      this.#answers.set(token, resolve);
      this.#hosted?.handle(make(token));
    });
  }

  #onOutcome(outcome: Outcome): void {
    switch (outcome.type) {
      case "connected":
        this.#wasConnected = true;
        this.#onConnected?.();
        this.#onConnected = undefined;
        this.#onEnded = undefined;
        if (this.#isReconnecting) this.onReconnected(`connected again to the gateway at ${this.#url}`);
        this.#isReconnecting = false;
        break;
      case "refused":
        this.#refusal = outcome.returnCode;
        break;
      case "disconnected":
        this.#onLost(outcome.reason, outcome.reconnecting);
        break;
      case "message":
        this.onMessage(outcome);
        break;
      case "publish-refused":
        this.onRefused(`not published: ${this.#because({ result: "refused", returnCode: outcome.returnCode })}`);
        break;
      case "published":
      case "subscribed":
        this.#answers.get(outcome.token)?.(outcome);
        this.#answers.delete(outcome.token);
        break;
      default:
        // Registration and sleep are steps on the way; retransmissions show in their result.
        break;
    }
  }

  #onLost(reason: DisconnectReason, reconnecting: boolean): void {
    const sentence = this.#lostSentence(reason);
    if (this.#onEnded === undefined) {
      this.#isReconnecting = reconnecting;
      this.onDisconnected(sentence, reconnecting, reason === "no answer");
    } else {
      this.#onEnded(sentence);
    }
    this.#onEnded = undefined;
  }

  #lostSentence(reason: DisconnectReason): string {
    switch (reason) {
      case "asked":
        return "disconnected";
      case "gateway":
        return `the gateway at ${this.#url} ended the connection`;
      case "no answer":
        return this.#host.unreachable === undefined ? this.#noAnswer() : this.#nobodyListens();
      case "refused":
        return `the gateway at ${this.#url} refused the connection: ${refusalText(this.#refusal)}`;
    }
  }

  #because({ result, returnCode }: Answer): string {
    switch (result) {
      case "refused":
        return `the gateway at ${this.#url} refused: ${requestRefusalText(returnCode)}`;
      case "no answer":
        return this.#noAnswer();
      case "too long":
        return "the message does not fit into a datagram";
      default:
        return result;
    }
  }

  get #url(): string {
    return `udp://${hostPortText(this.#gateway)}`;
  }

  #noAnswer(): string {
    const { tRetryMs, nRetry } = this.#settings;
    const seconds = Math.round((tRetryMs * (nRetry + 1)) / 100) / 10;
    return (
      `no answer from ${this.#url} in ${seconds} s (sent ${nRetry + 1} times). ` +
      "Is the gateway running there, is this its address (--gateway), and does a firewall let UDP through?"
    );
  }

  #nobodyListens(): string {
    return (
      `nothing listens at ${this.#url} (UDP). ` +
      `Start the gateway with "${programInvocation()} run", or give its address with --gateway.`
    );
  }
}

function refusalText(returnCode: number | undefined): string {
  if (returnCode === RETURN_CODE.congestion)
    return "congestion (0x01). Can the gateway reach its broker? Its log says why.";
  if (returnCode === RETURN_CODE.notSupported) {
    return "not supported (0x03). The broker may not allow this client id or its credentials. The gateway's log says why.";
  }
  return `return code ${returnCode}`;
}

function requestRefusalText(returnCode: number): string {
  if (returnCode === RETURN_CODE.congestion) return "congestion (0x01)";
  if (returnCode === RETURN_CODE.invalidTopicId) return "it does not know this topic id (0x02)";
  if (returnCode === RETURN_CODE.notSupported) return "not supported (0x03). The broker may not allow this topic";
  return `return code ${returnCode}`;
}
