import type { DeviceQoS } from "./contract.ts";

/** What can be set in a device. Times in milliseconds unless the standard counts seconds. */
export interface DeviceSettings {
  clientId: string;
  cleanSession: boolean;
  /** Duration of CONNECT: the keep alive in seconds; 0 turns it off (K5). */
  duration: number;
  /** undefined: connect without the Will flag. "delete": with an empty WILLTOPIC (W2). */
  will: DeviceWill | "delete" | undefined;
  /** Connect again after the connection was lost, and go on with what is unfinished. */
  reconnect: boolean;
  /** The first pause before it connects again; doubles with every failure up to `reconnectMaxMs`. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** Tretry: how long the device waits for an answer before it sends again (R1). */
  tRetryMs: number;
  /** Nretry: how often it sends again before it gives up. */
  nRetry: number;
  /** After how many awake periods without an answer, one after the other, a sleeping device takes itself for disconnected (Z9, R1). */
  unansweredWakesMax: number;
  /** TWAIT: the pause after "rejected: congestion" (O1). */
  tWaitMs: number;
  /** How often one request may be refused for congestion before it fails. */
  congestionMax: number;
  /** Share of Tretry and of the pauses before a connection that is drawn at random, 0 to 1; it keeps devices out of step. */
  jitter: number;
  /** Requests that wait. */
  queuedMax: number;
  /** Normal topic ids that the device knows. */
  topicsMax: number;
  /** QoS 2 messages received whose PUBREL has not come. */
  receivedMax: number;
  /** The largest message that it sends, in octets. */
  datagramOctetsMax: number;
}

export interface DeviceWill {
  willTopic: string;
  willMsg: Uint8Array;
  qos: DeviceQoS;
  retain: boolean;
}

/** `clientId` is the one setting without a default. */
export const DEFAULT_DEVICE_SETTINGS: Omit<DeviceSettings, "clientId"> = {
  cleanSession: true,
  duration: 60,
  will: undefined,
  reconnect: false,
  reconnectMinMs: 1000,
  reconnectMaxMs: 60_000,
  tRetryMs: 10_000,
  nRetry: 3,
  unansweredWakesMax: Number.POSITIVE_INFINITY,
  // The standard wants more than five minutes (§7.2).
  tWaitMs: 330_000,
  congestionMax: 3,
  jitter: 0.1,
  queuedMax: 100,
  topicsMax: 1000,
  receivedMax: 256,
  // What fits into a UDP datagram over IPv4.
  datagramOctetsMax: 65_507,
};
