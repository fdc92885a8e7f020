import type { NoteName } from "../gateway/contract.ts";
import type { ClientState } from "./answers.ts";

/** What was counted one way. */
export interface TrafficReading {
  readonly messages: readonly { readonly type: string; readonly count: number; readonly octets: number }[];
  readonly answers: readonly { readonly type: string; readonly returnCode: string; readonly count: number }[];
}

/** Times by class: `counts` has one more than there are bounds, and is not summed up. */
export interface DurationReading {
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
  readonly sumMs: number;
}

type Counts = Readonly<Record<string, number>>;

/** What notes were made because of each reason, which is a word of a closed list. */
export type CountsByReason = Readonly<Partial<Record<string, number>>>;

/** All that `/metrics` tells of the gateway, at one moment. Counts are since the gateway was started. */
export interface MetricsReading {
  readonly version: string;
  readonly node: string;
  readonly gatewayId: number;
  readonly clients: Readonly<Record<ClientState, number>>;
  readonly clientsMax: number;
  readonly in: TrafficReading;
  readonly out: TrafficReading;
  readonly packetsToBroker: Counts;
  readonly packetsFromBroker: Counts;
  /** By QoS: 0, 1, 2. */
  readonly published: readonly number[];
  readonly publishedWithoutConnection: number;
  readonly delivered: readonly number[];
  readonly repeatedByClients: number;
  readonly repeatedToClients: number;
  readonly wakeUps: number;
  readonly publishDurations: DurationReading;
  readonly deliveryDurations: DurationReading;
  readonly queuedMessages: number;
  readonly queuedOctets: number;
  readonly queuedOctetsMax: number;
  /** By the name of the note. */
  readonly notes: Readonly<Record<NoteName, number>>;
  /** By request. */
  readonly refusals: Readonly<Record<string, CountsByReason>>;
  /** By what was dropped. */
  readonly drops: Readonly<Record<string, CountsByReason>>;
  /** By how the client went. */
  readonly gone: Readonly<Record<string, CountsByReason>>;
  /** By the key of the limit. */
  readonly limitsReached: Counts;
  /** Datagrams whose source may not send. */
  readonly datagramsRefused: number;
  readonly links: { readonly opening: number; readonly open: number };
  readonly linkAttempts: { readonly accepted: number; readonly refused: number; readonly failed: number };
  readonly brokerReachable: boolean;
  readonly brokerOutages: number;
  /** Undefined where nothing is kept. */
  readonly stateWrites: { readonly done: number; readonly failed: number } | undefined;
  readonly logLinesOmitted: number;
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
}
