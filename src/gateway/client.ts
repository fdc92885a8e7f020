import type { BrokerTerms } from "./broker-terms.ts";
import type { Buffered } from "./buffered.ts";
import type { ClientFigures } from "./client-figures.ts";
import type { Instant, NoteFields, NoteName } from "./contract.ts";
import type { KeptNames } from "./kept-names.ts";
import type { PacketToBroker } from "./packet.ts";
import type { PredefinedTopics } from "./predefined-topics.ts";
import type { Settings } from "./settings.ts";
import type { SubscriptionTable } from "./subscription-table.ts";
import type { TopicTable } from "./topic-table.ts";

/** What the exchanges of a session know of their client, and the ways out that they have. */
export interface Client {
  readonly clientId: string;
  readonly settings: Settings;
  readonly predefined: PredefinedTopics;
  /** What waits in the gateway for all clients. */
  readonly buffered: Buffered;
  /** The names that the gateway keeps for all clients. */
  readonly names: KeptNames;
  readonly topics: TopicTable;
  readonly subscriptions: SubscriptionTable;
  /** CleanSession=0: the broker keeps the session when the client is gone. */
  readonly durable: boolean;
  /** Whether messages may be sent to the client: active or awake. */
  readonly listening: boolean;
  /** Whether the broker connection takes another packet. */
  readonly writable: boolean;
  /** On which terms the broker takes what this client has to say. */
  readonly terms: BrokerTerms;
  /** Whether a SUBSCRIBE of the client waits for the broker. */
  readonly subscribing: boolean;
  /** When the last message of the client came. */
  readonly heardAt: Instant;
  /** How often the client has gone to sleep. A request remembers it, to know whether the client still listens for its answer. */
  readonly sleeps: number;
  /** What is counted of it. */
  readonly figures: ClientFigures;

  /** Sends a message to the client now. */
  send(message: Uint8Array): void;
  /** Sends the answer to a request that the client made in its `askedIn`th period, or keeps it until the client wakes up (Z3). */
  answer(askedIn: number, message: Uint8Array): void;
  write(packet: PacketToBroker): void;
  /** Unsubscribes at the broker from a name that the client does not want any more. */
  dropSubscription(filter: string): void;
  /** A note about this client. */
  note(name: NoteName, fields: NoteFields): void;
}
