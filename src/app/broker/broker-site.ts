import { parseBrokerUrl, type TcpBroker } from "../../mqtt/broker-url.ts";
import { EmbeddedBroker } from "../../mqtt/embedded-broker.ts";
import type { OpenBrokerStream } from "../../mqtt/open-broker-stream.ts";
import { hostPortText, parseHostPort, reachableHost } from "../configuration/host-port.ts";
import type { OptionValues } from "../configuration/options.ts";
import type { ReloadPlan } from "../configuration/reload-plan.ts";
import { runInvocation } from "../invocation.ts";
import type { Log } from "../log/log.ts";
import { TlsFiles } from "./tls-files.ts";

/** A certificate that is about to expire is told of once a day. */
const CERTIFICATES_TOLD_MS = 24 * 60 * 60 * 1000;

/** Where the broker is, outside or inside this process, and over what connections to it go. */
export class BrokerSite {
  readonly #log: Log;
  /** Where MQTT clients find it, without user name and password; of the one inside with the port that the system gave. */
  readonly url: string;
  /** Begins a connection to it. */
  readonly openStream: OpenBrokerStream;
  readonly #embedded: EmbeddedBroker | undefined;
  /** Where it is reached over TLS. */
  readonly #tlsFiles: TlsFiles | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(log: Log, url: string, where: { tcp: TcpBroker; tls?: TlsFiles } | EmbeddedBroker) {
    this.#log = log;
    this.url = url;
    if (where instanceof EmbeddedBroker) {
      this.#embedded = where;
      this.openStream = where.openStream;
      return;
    }
    const { tcp, tls } = where;
    this.#tlsFiles = tls;
    this.openStream = (onOctets) => tcp.openStream(tls?.settings, onOctets);
    if (tls === undefined) return;
    this.tellOfCertificates();
    this.#timer = setInterval(() => this.tellOfCertificates(), CERTIFICATES_TOLD_MS).unref();
  }

  /** Starts the broker inside if that is the one. Rejects with an Error for the user where it cannot listen. */
  static async open(options: OptionValues, log: Log): Promise<BrokerSite> {
    const broker = parseBrokerUrl(options["broker.url"]);
    if (broker.type === "unusable") throw new Error(`broker.url: ${broker.problem}`);
    if (broker.type === "tcp") {
      return new BrokerSite(log, broker.url, { tcp: broker, ...(broker.isSecure && { tls: new TlsFiles(options) }) });
    }
    const place = options["embedded.listen"];
    const listen = parseHostPort(place)!;
    try {
      const embedded = await EmbeddedBroker.start({
        listen,
        onError: ({ message }) => log.warn("embedded.error", { reason: message }, `embedded broker: ${message}`),
      });
      const url = `mqtt://${hostPortText({ host: listen.host, port: embedded.port })}`;
      log.info("embedded.started", { url }, `the embedded broker takes MQTT clients in at ${url}`);
      return new BrokerSite(log, url, embedded);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      throw Object.assign(new Error(takenMessage(place), { cause: error }), { code: "EADDRINUSE" });
    }
  }

  /** What the file said by which the gateway has its certificate for the broker; undefined where it has none. */
  get certificate(): string | undefined {
    return this.#tlsFiles?.certificate;
  }

  /** Reads the certificates again, and adds to the plan what has changed of them. Where anything is wrong, that is given, and nothing changes. */
  reload(plan: ReloadPlan): string[] {
    // Those of another broker are of no use at this one.
    if (this.#tlsFiles === undefined || plan.needRestart.includes("broker.url")) return [];
    const { problems, changed } = this.#tlsFiles.reload(plan.values);
    // The files have changed since the configuration was read.
    if (problems.length > 0) return problems.map(({ key, text }) => `${key}: ${text}`);
    const told: readonly string[] = plan.changed;
    plan.changed.push(...changed.filter((key) => !told.includes(key) && !told.includes(`${key}_file`)));
    return [];
  }

  /** Warns of certificates that are about to expire. */
  tellOfCertificates(): void {
    for (const warning of this.#tlsFiles?.warnings ?? []) this.#log.warn("tls.certificate", {}, warning);
  }

  /** Ends the broker inside. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#embedded?.close();
  }
}

function takenMessage(place: string): string {
  const { host, port } = parseHostPort(place)!;
  const url = `mqtt://${hostPortText({ host: reachableHost(host), port })}`;
  const command = runInvocation();
  return `something listens at ${place} already, probably an MQTT broker. Either use it:
    ${command} --broker ${url}
or let the embedded broker listen elsewhere:
    ${command} --broker embedded: --embedded-listen ${hostPortText({ host, port: port + 1 })}`;
}
