import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { GatewayEvent, LinkConnect, LinkId } from "../gateway/contract.ts";
import { expandTemplate } from "../gateway/template.ts";
import { Link } from "../mqtt/link.ts";
import { LinkScheduler } from "../mqtt/link-scheduler.ts";
import { OwnClient, type OwnClientOptions } from "../mqtt/own-client.ts";
import { Credentials } from "./credentials.ts";
import type { OptionValues } from "./options.ts";

/** What is told of the gateway's own connection. */
type OwnClientCallbacks = Pick<OwnClientOptions, "onReachable" | "onUnreachable">;

/** How the broker is reached, by the connections of clients and by the gateway's own: over what, by which name, with which credentials. */
export class BrokerAccess {
  #options: OptionValues;
  readonly #openStream: () => Duplex;
  #credentials: Credentials;
  readonly #scheduler = new LinkScheduler();

  /** `openStream` begins a connection to the broker. */
  constructor(options: OptionValues, openStream: () => Duplex) {
    this.#options = options;
    this.#credentials = new Credentials(options);
    this.#openStream = openStream;
  }

  /** From now on these options hold, for connections that are opened from now on. */
  reload(options: OptionValues): void {
    this.#options = options;
    this.#credentials = new Credentials(options);
  }

  /** Begins the connection of a client; what becomes of it is told to `emit`. */
  openLink(link: LinkId, connect: LinkConnect, emit: (event: GatewayEvent) => void): Link {
    const options = this.#options;
    const { clientId } = connect;
    const linkOptions = {
      ...this.#credentials.of(clientId),
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
      ...this.#credentials.of(clientId),
      openStream: this.#openStream,
      clientId,
      keepAliveSeconds: options["broker.keep_alive"] / 1000,
      connectTimeoutMs: options["broker.connect_timeout"],
      reconnectMinMs: options["broker.reconnect_min"],
      reconnectMaxMs: options["broker.reconnect_max"],
    });
  }
}
