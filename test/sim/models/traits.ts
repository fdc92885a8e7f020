import type { DeviceQoS } from "../../../src/device/contract.ts";
import type { ModelName } from "./model-name.ts";

/** What an application can ask of a client. */
export interface Traits {
  readonly qosMax: DeviceQoS;
  /** The kinds of topics it publishes and subscribes to. */
  readonly topics: { readonly wildcard: boolean; readonly predefined: boolean; readonly short: boolean };
  readonly sleeps: boolean;
  /** Whether it has sessions that outlive a connection. */
  readonly durable: boolean;
  readonly wills: boolean;
  /** It takes a refusal for an acceptance: what it says of its messages means nothing. */
  readonly credulous: boolean;
}

const EVERYTHING: Traits = {
  qosMax: 2,
  topics: { wildcard: true, predefined: true, short: true },
  sleeps: true,
  durable: true,
  wills: true,
  credulous: false,
};

export const TRAITS: Readonly<Record<ModelName, Traits>> = {
  ours: EVERYTHING,
  // Without REGISTER of the gateway neither of RIOT's gets what a wildcard covers, or a durable session kept.
  emcute: {
    ...EVERYTHING,
    qosMax: 1,
    topics: { wildcard: false, predefined: false, short: false },
    sleeps: false,
    durable: false,
  },
  asymcute: {
    ...EVERYTHING,
    qosMax: 1,
    topics: { wildcard: false, predefined: true, short: true },
    sleeps: false,
    durable: false,
    wills: false,
  },
  zephyr: { ...EVERYTHING, durable: false, credulous: true },
  "mqtt-sn-tools": { ...EVERYTHING, qosMax: 1, wills: false },
};
