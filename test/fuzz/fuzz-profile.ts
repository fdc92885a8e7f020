import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import type { Chance } from "./chance.ts";

/** What can happen in a run. */
export type Action =
  | "message"
  | "answer"
  | "octets"
  | "damaged"
  | "brokerAnswer"
  | "brokerPublish"
  | "brokerNonsense"
  | "linkEvent"
  | "brokerReachable"
  | "saved"
  | "restart"
  | "reload"
  | "dismiss"
  | "time";

type Numbers = readonly [number, ...number[]];

const DURATIONS: readonly [Numbers, ...Numbers[]] = [[65_535], [60, 65_535], [0, 1, 10, 60, 65_535]];
const PAUSES: readonly [Numbers, ...Numbers[]] = [
  [1],
  [1, 50, 1000],
  [50, 10_000, 120_000],
  [1000, 40_000, 70_000_000],
];

/** What a run is like. The seed picks it first, so that runs differ in kind and not only in order. */
export interface FuzzProfile {
  settings: Settings;
  actions: Record<Action, number>;
  /** How often a client says what. */
  messages: Record<MessageName, number>;
  /** How many clients there are. */
  clients: number;
  /** How many of them are nodes behind one forwarder. */
  forwarded: number;
  /** How often a message comes from the address, and with the client id, of another client. */
  mixUp: number;
  /** Keep alive and sleep durations, in seconds. */
  durations: Numbers;
  /** Time that passes at once, in milliseconds, beside what is left until the deadline. */
  pauses: Numbers;
  /** How often something that happens to a connection is its end. */
  linkFailure: number;
  /** How often one takes no more for a while. */
  stall: number;
}

/** Messages a session lives on; the others come now and then. */
const FREQUENT: Partial<Record<MessageName, number>> = {
  REGISTER: 4,
  PUBLISH: 6,
  SUBSCRIBE: 5,
  UNSUBSCRIBE: 2,
  PINGREQ: 2,
  DISCONNECT: 1,
  PUBREL: 1,
  WILLTOPICUPD: 1,
  WILLMSGUPD: 1,
};

export function pickProfile(chance: Chance): FuzzProfile {
  const messages = {} as Record<MessageName, number>;
  for (const name of Object.keys(MSG_TYPE) as MessageName[]) {
    // A message that never comes lets others get further.
    messages[name] = (FREQUENT[name] ?? 0.2) * chance.pick([0, 0.3, 1, 3]);
  }
  messages.CONNECT = chance.pick([0.2, 1]);
  messages.DISCONNECT *= chance.pick([0.2, 1]);
  return {
    settings: pickSettings(chance),
    messages,
    actions: {
      message: 10,
      answer: chance.integer(0, 14),
      octets: chance.pick([0, 0, 1]),
      damaged: chance.pick([0, 0, 1]),
      brokerAnswer: chance.integer(4, 14),
      brokerPublish: chance.integer(0, 8),
      brokerNonsense: chance.pick([0, 0, 1]),
      linkEvent: chance.integer(2, 5),
      brokerReachable: 0.3,
      saved: chance.pick([0, 0.5]),
      restart: chance.pick([0, 0, 0.3]),
      reload: chance.pick([0, 0, 0.5]),
      dismiss: chance.pick([0, 0, 0.3]),
      time: chance.integer(0, 5),
    },
    clients: chance.integer(1, 6),
    forwarded: chance.pick([0, 0, 2, 6]),
    mixUp: chance.pick([0, 0.02, 0.2]),
    durations: chance.pick(DURATIONS),
    pauses: chance.pick(PAUSES),
    linkFailure: chance.pick([0, 0.01, 0.1]),
    stall: chance.pick([0, 0.05, 0.5]),
  };
}

/** Small limits are reached sooner; but not in every run, or nothing would get past them. */
export function pickSettings(chance: Chance): Settings {
  return {
    ...DEFAULT_SETTINGS,
    savesSessions: chance.happens(0.5),
    outageLimitMs: chance.pick([0, 30_000, 30_000, 600_000]),
    reconnectMinMs: chance.pick([0, 1000]),
    reconnectMaxMs: chance.pick([0, 5000, 60_000]),
    reconnectsPerSecond: chance.pick([1, 500]),
    tRetryMs: chance.pick([100, 1000, 10_000]),
    nRetry: chance.integer(0, 3),
    keepAliveFactor: chance.pick([undefined, 1, 1.5]),
    idleLimitMs: chance.pick([60_000, 86_400_000]),
    standby: chance.happens(0.2),
    qosMinusOne: chance.happens(0.9),
    qosMinusOnePerSourcePerSecond: chance.pick([1, 100]),
    forwarders: chance.happens(0.9),
    migrateOnWake: chance.happens(0.3),
    wakeByConnect: chance.pick(["resume", "resume", "prompt", "new"]),
    clientIdsDenied: chance.pick([[], ["client-5"]]),
    setUpsMax: chance.pick([1, 10, 10, 10]),
    connectsPerSecond: chance.pick([1, 10_000, 10_000]),
    clientsMax: chance.pick([1, 3, 10, 10, 10, 10]),
    topicsMax: chance.pick([1, 3, 1000, 1000, 1000]),
    subscriptionsMax: chance.pick([1, 3, 1000, 1000]),
    inFlightMax: chance.pick([1, 3, 64, 64]),
    queuedMax: chance.pick([1, 3, 8, 100, 100, 100]),
    queuedOctetsMax: chance.pick([200, 1000, 65_536, 65_536, 65_536]),
    bufferedOctetsMax: chance.pick([1, 1500, 5000, 268_435_456, 268_435_456, 268_435_456]),
    namesOctetsMax: chance.pick([1, 1000, 5000, 268_435_456, 268_435_456, 268_435_456]),
    awakeMessagesMax: chance.pick([1, 3, 1000]),
    datagramOctetsMax: chance.pick([40, 100, 1200, 1200, 1200]),
    strangerAnswersPerSecond: chance.integer(1, 10),
    brokerMaxQos: chance.pick([0, 1, 2, 2, 2]),
    brokerRetains: chance.happens(0.8),
    forbiddenInTopics: chance.pick(["", "", "c"]),
    predefinedTopics: [
      { id: 7, topic: "p/7", clientId: undefined },
      { id: 8, topic: "p/8", clientId: "client-1" },
    ],
  };
}
