import type { IClientOptions } from "mqtt";
import type { OptionKey } from "../../src/app/configuration/options.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import type { BrokerAbilities } from "./broker-abilities.ts";
import type { TableName } from "./broker-tables.ts";
import type { CaseRow } from "./case-rows.ts";

/** What the cases are run against, and what is expected of it: a column of a table in docs/brokers.md. */
export interface Target {
  /** As it is typed after `npm run interop --`. */
  name: string;
  /** What it is, for people: "Mosquitto, TLS with client certificates". */
  title: string;
  /** Where its column stands. */
  table: TableName;
  /** The head of its column, a word or two. */
  head: string;
  /** Runs where it is asked for by name, and only there. */
  isOptIn?: boolean;
  /** What is missing on this machine, with the remedy; undefined where it can run. */
  missing: () => string | undefined;
  /** The variable that says with "1" that nothing may be missing. */
  requiredBy?: string;
  /** Starts the broker, and resolves when it takes connections. */
  start: (atEnd: AtEnd) => Promise<RunningBroker>;
  /** The rows of the table whose cases are part of `npm test`; undefined is all of them. `npm run interop` runs every case. */
  rowsInTests?: readonly CaseRow[];
  /** Where it differs from a broker that has everything. */
  abilities?: Partial<BrokerAbilities>;
  /** Why a case does not work with it, by the beginning of the case's name. Such a case is run, and has to fail. */
  cannot?: Readonly<Record<string, string>>;
}

/** A broker that takes connections. It is ended where the `atEnd` says that it was started with. */
export interface RunningBroker {
  /** What the page says: "2.0.11", with a name where the title of the target does not say whose version that is. */
  version: string;
  /** The gateway's options for it, as a file has them. */
  options: GatewayOptions;
  /** How an MQTT client that may do anything reaches it; undefined where it is the one inside the gateway. */
  peer: PeerAccess | undefined;
  /** What it lets users do, where it has been set up with any. */
  accounts?: Accounts;
  /** Ends it and starts it again, where that can be done. */
  restart?: Restart;
}

/** `{ "broker.url": "mqtt://127.0.0.1:1883" }` */
export type GatewayOptions = Readonly<Partial<Record<OptionKey, unknown>>>;

export interface PeerAccess {
  url: string;
  options?: IClientOptions;
}

/** Users of a broker: each may publish and subscribe to what is below a topic of its own name, and nowhere else. */
export interface Accounts {
  ada: Account;
  bob: Account;
}

export interface Account {
  username: string;
  password: string;
}

export interface Restart {
  /** Ends it without a chance to say anything to its clients. */
  stop: () => Promise<void>;
  /** At the same place as before. */
  start: () => Promise<void>;
}
