import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { GatewayEvent, LinkConnect, LinkId } from "../gateway/contract.ts";
import { expandTemplate } from "../gateway/template.ts";
import { Link } from "../mqtt/link.ts";
import { LinkScheduler } from "../mqtt/link-scheduler.ts";
import { OwnClient, type OwnClientOptions } from "../mqtt/own-client.ts";
import type { OptionValues } from "./options.ts";

/** What a client shows to the broker. */
interface BrokerCredentials {
  username: string | undefined;
  password: string | undefined;
}

/** What is told of the gateway's own connection. */
type OwnClientCallbacks = Pick<OwnClientOptions, "onReachable" | "onUnreachable">;

/** How the broker is reached, by the connections of clients and by the gateway's own: over what, by which name, with which credentials. */
export class BrokerAccess {
  #options: OptionValues;
  readonly #openStream: () => Duplex;
  /** Those in the URL of the broker. */
  readonly #urlCredentials: BrokerCredentials | undefined;
  readonly #scheduler = new LinkScheduler();

  /** `openStream` begins a connection to the broker. */
  constructor(options: OptionValues, openStream: () => Duplex, urlCredentials: BrokerCredentials | undefined) {
    this.#options = options;
    this.#openStream = openStream;
    this.#urlCredentials = urlCredentials;
  }

  /** From now on these options hold, for connections that are opened from now on. */
  reload(options: OptionValues): void {
    this.#options = options;
  }

  /** Begins the connection of a client; what becomes of it is told to `emit`. */
  openLink(link: LinkId, connect: LinkConnect, emit: (event: GatewayEvent) => void): Link {
    const options = this.#options;
    const { clientId } = connect;
    const linkOptions = {
      ...this.#credentials(clientId),
      openStream: this.#openStream,
      keepAliveSeconds: options["broker.keep_alive"] / 1000,
      answerTimeoutMs: options["broker.connect_timeout"],
      clientId: expandTemplate(options["broker.client_id"], clientId),
      scheduler: this.#scheduler,
    };
    return new Link(link, connect, linkOptions, emit);
  }

  /** Begins the gateway's own connection. */
  ownClient(callbacks: OwnClientCallbacks): OwnClient {
    const options = this.#options;
    // A name of its own for each process: two gateways on one broker must not throw each other out.
    const clientId =
      options["broker.own_client_id"] ?? `mqtt-sn-gateway-${options["gateway.id"]}-${randomBytes(4).toString("hex")}`;
    return new OwnClient({
      ...callbacks,
      ...this.#credentials(clientId),
      openStream: this.#openStream,
      clientId,
      keepAliveSeconds: options["broker.keep_alive"] / 1000,
      connectTimeoutMs: options["broker.connect_timeout"],
      reconnectMinMs: options["broker.reconnect_min"],
      reconnectMaxMs: options["broker.reconnect_max"],
    });
  }

  #credentials(clientId: string): BrokerCredentials {
    const username = this.#options["broker.username"] ?? this.#urlCredentials?.username;
    const password = this.#options["broker.password"] ?? this.#urlCredentials?.password;
    return {
      username: username === undefined ? undefined : expandTemplate(username, clientId),
      password: password === undefined ? undefined : expandTemplate(password, clientId),
    };
  }
}
