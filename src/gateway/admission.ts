import type { Connect } from "../sn/message.ts";
import { isMqttText } from "../sn/text.ts";
import { fitsPattern } from "./client-id-pattern.ts";
import { ClientIdRules } from "./client-id-rules.ts";
import type { Instant } from "./contract.ts";
import { isOneLevel } from "./is-one-level.ts";
import type { PredefinedTopics } from "./predefined-topics.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Settings } from "./settings.ts";
import { namesClient } from "./template.ts";

/** The only ProtocolId there is (§5.3.8). */
const PROTOCOL_ID = 1;

/** Places that are taken when another client wants one. */
interface TakenPlaces {
  /** By sessions with a client. */
  sessions: number;
  /** By connections to the broker, those that are closing included: they still cost what a connection costs. */
  links: number;
  /** By clients in the middle of their CONNECT. */
  setUps: number;
}

/** Who may connect, and when there is room. */
export class Admission {
  readonly #settings: Settings;
  readonly #predefined: PredefinedTopics;
  readonly #clientIdRules: ClientIdRules;
  readonly #connects: RateLimit;

  constructor(settings: Settings, predefined: PredefinedTopics) {
    this.#settings = settings;
    this.#predefined = predefined;
    this.#clientIdRules = new ClientIdRules(settings);
    this.#connects = new RateLimit(() => settings.connectsPerSecond);
  }

  /** Whether a client with this id may be here: the rules let it in, and the topics that it is part of are its own. */
  admits(clientId: string): boolean {
    return this.#clientIdRules.admits(clientId) && !this.#isReserved(clientId) && !this.#wouldBeLevels(clientId);
  }

  /** What about the CONNECT itself cannot be accepted (C5, C6), whatever the room. */
  whyNot({ protocolId, clientId }: Connect): string | undefined {
    if (protocolId !== PROTOCOL_ID) return `ProtocolId ${protocolId}`;
    if (clientId === "") return "the client id is empty";
    if (!isMqttText(clientId)) return "the client id is not UTF-8, or has control characters";
    if (Buffer.byteLength(clientId) > this.#settings.clientIdOctetsMax) return "the client id is too long";
    if (this.#wouldBeLevels(clientId)) {
      return "the client id is part of topics (topics.mountpoint, topics.predefined), and has / or + or # in it, or begins with $";
    }
    if (this.#isReserved(clientId)) {
      return "the client id is that of the gateway's own connection (broker.own_client_id)";
    }
    if (!this.admits(clientId)) return "the client id is not allowed: clients.allow, clients.deny";
    return undefined;
  }

  /** Whether a client could have this id, whoever it is. */
  isClientId(clientId: string): boolean {
    return clientId !== "" && isMqttText(clientId) && Buffer.byteLength(clientId) <= this.#settings.clientIdOctetsMax;
  }

  /** The limit that leaves no place for one more client, by its key. */
  fullBy({ sessions, links, setUps }: TakenPlaces): string | undefined {
    const { clientsMax, setUpsMax } = this.#settings;
    if (sessions >= clientsMax || links >= 2 * clientsMax) return "clients.max";
    return setUps >= setUpsMax ? "clients.max_half_open" : undefined;
  }

  #isReserved(clientId: string): boolean {
    return this.#settings.clientIdsReserved.some((pattern) => fitsPattern(pattern, clientId));
  }

  #wouldBeLevels(clientId: string): boolean {
    return !isOneLevel(clientId) && (namesClient(this.#settings.mountpoint) || this.#predefined.nameClients);
  }

  /** The limit that one more set-up now would break, by its key; if there is none, the set-up is counted. */
  tooFastBy(now: Instant): string | undefined {
    return this.#connects.allows(now) ? undefined : "clients.max_connect_rate";
  }
}
