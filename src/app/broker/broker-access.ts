import { randomBytes } from "node:crypto";
import type { GatewayEvent, LinkConnect, LinkId } from "../../gateway/contract.ts";
import { expandTemplate } from "../../gateway/template.ts";
import { BrokerVersion } from "../../mqtt/broker-version.ts";
import { Link } from "../../mqtt/link.ts";
import { LinkScheduler } from "../../mqtt/link-scheduler.ts";
import type { MqttVersion } from "../../mqtt/mqtt-version.ts";
import type { OpenBrokerStream } from "../../mqtt/open-broker-stream.ts";
import { OwnClient, type OwnClientOptions } from "../../mqtt/own-client.ts";
import type { OptionValues } from "../configuration/options.ts";
import { OWN_CLIENT_ID_PREFIX } from "../configuration/own-connection-warnings.ts";
import { Credentials } from "./credentials.ts";

/** What is told of the gateway's own connection, and what it leaves behind. */
type OwnClientCallbacks = Pick<
  OwnClientOptions,
  "onReachable" | "onRenewed" | "onUnreachable" | "will" | "onWillRefused" | "onPublishRefused"
>;

/** What the broker turns out to be. */
export interface BrokerFindings {
  /** MQTT 5 is asked for, and it does not speak it: for people. From now on it is spoken to in MQTT 3.1.1. */
  onFallback: (reason: string) => void;
  /** What it says that it does not do, for people. */
  onLimits: (limits: readonly string[]) => void;
}

/** MQTT 5 §3.1.2.11.2: the session does not end. */
const FOR_EVER_SECONDS = 0xffffffff;

/** MQTT 5 §3.1.2.11.3. */
const RECEIVE_MAX = 65_535;

/** How the broker is reached, by the connections of clients and by the gateway's own: over what, by which name, with which credentials. */
export class BrokerAccess {
  #options: OptionValues;
  readonly #openStream: OpenBrokerStream;
  #credentials: Credentials;
  readonly #findings: BrokerFindings;
  readonly #version: BrokerVersion;
  readonly #scheduler = new LinkScheduler();
  #ownClient: OwnClient | undefined;
  /** For how many seconds the broker keeps a session, where it has told us less than it was asked for. */
  #sessionExpirySeconds: number | undefined;

  /** `openStream` begins a connection to the broker. */
  constructor(options: OptionValues, openStream: OpenBrokerStream, findings: BrokerFindings) {
    this.#options = options;
    this.#findings = findings;
    this.#version = new BrokerVersion(wantedVersion(options), findings.onFallback);
    this.#credentials = new Credentials(options);
    this.#openStream = openStream;
  }

  /** From now on these options hold, for connections that are opened from now on. */
  reload(options: OptionValues): void {
    this.#options = options;
    this.#credentials = new Credentials(options);
    const version = wantedVersion(options);
    if (version === this.#version.wanted) return;
    this.#version.reset(version);
    // It finds out whether the broker speaks it, for all others.
    this.#ownClient?.renew();
  }

  /** Begins the connection of a client; what becomes of it is told to `emit`. */
  openLink(link: LinkId, connect: LinkConnect, emit: (event: GatewayEvent) => void): Link {
    const options = this.#options;
    const { clientId } = connect;
    const linkOptions = {
      ...this.#credentials.of(clientId),
      openStream: this.#openStream,
      version: this.#version,
      sessionExpirySeconds: this.#wantedExpirySeconds,
      onSessionExpiry: this.#onSessionExpiry,
      receiveMax: Math.min(options["clients.max_queued"], RECEIVE_MAX),
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
    const current = () => this.#options;
    // A name of its own for each process: two gateways on one broker must not throw each other out.
    const clientId =
      options["broker.own_client_id"] ??
      `${OWN_CLIENT_ID_PREFIX}${options["gateway.id"]}-${randomBytes(4).toString("hex")}`;
    this.#ownClient = new OwnClient({
      ...callbacks,
      onLimits: this.#findings.onLimits,
      version: this.#version,
      credentials: () => this.#credentials.of(clientId),
      openStream: this.#openStream,
      clientId,
      // These are asked for at each attempt: a reload may have changed them.
      get keepAliveSeconds() {
        return current()["broker.keep_alive"] / 1000;
      },
      get connectTimeoutMs() {
        return current()["broker.connect_timeout"];
      },
      get reconnectMinMs() {
        return current()["broker.reconnect_min"];
      },
      get reconnectMaxMs() {
        return current()["broker.reconnect_max"];
      },
    });
    return this.#ownClient;
  }

  get #wantedExpirySeconds(): number {
    const expiryMs = this.#options["broker.session_expiry"];
    return expiryMs === undefined ? FOR_EVER_SECONDS : Math.ceil(expiryMs / 1000);
  }

  /** Only a client's connection asks for a session that lasts. What it is told holds for all. */
  readonly #onSessionExpiry = (seconds: number): void => {
    if (seconds >= this.#wantedExpirySeconds || seconds === this.#sessionExpirySeconds) return;
    this.#sessionExpirySeconds = seconds;
    this.#findings.onLimits([`the session of a client that is not connected is kept for ${seconds} s only`]);
  };
}

function wantedVersion(options: OptionValues): MqttVersion {
  return options["broker.version"] === 5 ? 5 : 4;
}
