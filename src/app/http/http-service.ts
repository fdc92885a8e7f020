import type { Note } from "../../gateway/contract.ts";
import { HttpServer } from "../../http/http-server.ts";
import type { BrokerAccess } from "../broker/broker-access.ts";
import { BrokerStatus } from "../broker/broker-status.ts";
import { SessionEraser } from "../broker/session-eraser.ts";
import { type HostPort, hostPortText, parseHostPort, reachableHost } from "../configuration/host-port.ts";
import { isLoopback } from "../configuration/is-loopback.ts";
import type { OptionValues } from "../configuration/options.ts";
import { EventLoopDelay } from "../figures/event-loop-delay.ts";
import { GatewayMetrics, type MetricsParts } from "../figures/gateway-metrics.ts";
import { RateHistory } from "../figures/rate-history.ts";
import { rateSample } from "../figures/rate-sample.ts";
import { isThere } from "../is-there.ts";
import type { Log } from "../log/log.ts";
import type { RecentLog } from "../log/recent-log.ts";
import { WrongTokenReport } from "../log/wrong-token-report.ts";
import { programVersion } from "../program-version.ts";
import type { DatagramTraces } from "../trace/datagram-traces.ts";
import { LiveTrace } from "../trace/live-trace.ts";
import { addressOf, HttpSource, type HttpSourceParts } from "./http-source.ts";
import { ListenAttempts } from "./listen-attempts.ts";

/** What the daemon knows of the gateway that is shown. */
export interface HttpSurroundings
  extends Pick<
      HttpSourceParts,
      "core" | "runner" | "values" | "listenerUrls" | "whereIs" | "brokerUrl" | "isReady" | "hasFailed"
    >,
    Pick<MetricsParts, "datagramsRefused" | "stateWrites" | "logLinesOmitted"> {
  access: BrokerAccess;
  log: Log;
  recentLog: RecentLog;
  traces: DatagramTraces;
}

/** The HTTP server as a part of the gateway. Where it cannot listen, the gateway goes on without it, and it tries again. */
export class HttpService {
  readonly #log: Log;
  readonly #values: () => OptionValues;
  readonly #brokerStatus = new BrokerStatus();
  readonly #history: RateHistory;
  readonly #eraser: SessionEraser;
  readonly #server: HttpServer;
  readonly #place: HostPort;
  #token: string | undefined;
  #url: string | undefined;
  readonly #attempts = new ListenAttempts(
    () => this.#listen(),
    (error, retryMaxMs) => this.#tellUnavailable(error, retryMaxMs),
  );

  constructor(around: HttpSurroundings) {
    const { core, runner, values, log, access, traces, whereIs, recentLog } = around;
    this.#log = log;
    this.#values = values;
    this.#place = parseHostPort(values()["http.listen"])!;
    this.#token = this.#accessSettings.token;
    this.#history = new RateHistory(() => rateSample(core, runner.counts));
    this.#eraser = new SessionEraser(access, (clientId) => isThere(core, clientId), log);
    const eventLoopDelay = new EventLoopDelay();
    const version = programVersion();
    const { datagramsRefused, stateWrites, logLinesOmitted } = around;
    const source = new HttpSource({
      ...around,
      version,
      brokerStatus: this.#brokerStatus,
      log: recentLog,
      trace: new LiveTrace(
        traces,
        { clientIdAt: (address) => core.clientIdAt(address), addressOf: (clientId) => addressOf(core, clientId) },
        whereIs,
      ),
      history: this.#history,
      metrics: new GatewayMetrics({
        version,
        options: values,
        core,
        counts: runner.counts,
        datagramsRefused,
        stateWrites,
        logLinesOmitted,
        eventLoopDelay,
      }),
      eventLoopDelay,
    });
    this.#server = new HttpServer({
      ...this.#accessSettings,
      source,
      folders: {
        page: new URL("../../page/", import.meta.url),
        openApi: new URL("../../http/openapi.yaml", import.meta.url),
      },
      streamsMax: values()["http.max_streams"],
      onWrongToken: new WrongTokenReport(log).add,
      onFailure: (error) => {
        const reason = (error instanceof Error && error.stack) || String(error);
        log.error("http.failed", { reason }, `the status page has failed; this is a bug of ours. ${reason}`);
      },
    });
  }

  /** Begins to listen, and to keep rates. Never rejects. */
  async start(): Promise<void> {
    this.#history.start();
    await this.#attempts.begin();
  }

  /** Where the status page is reached from this machine; undefined while it is not served. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Other options hold from now on. */
  reload(): void {
    const { token, hosts } = this.#accessSettings;
    // Where it listens changes only with a restart: until then what was needed there is needed.
    if (token !== undefined || isLoopback(this.#place.host)) this.#token = token;
    this.#server.reload({ token: this.#token, hosts });
  }

  note({ name, fields }: Note): void {
    if (name === "client.forgotten" && fields.limit === undefined) this.#eraser.erase(String(fields.clientId));
  }

  /** The gateway is about to connect for this client, or again. */
  linkOpens(clientId: string): void {
    this.#eraser.isBack(clientId);
  }

  brokerReached(): void {
    this.#brokerStatus.reached();
  }

  brokerUnreachable(reason: string): void {
    this.#brokerStatus.unreachable(reason);
  }

  /** Ends all streams, and takes no more requests. */
  async close(): Promise<void> {
    this.#attempts.end();
    this.#history.stop();
    await this.#server.close();
  }

  get #accessSettings() {
    const values = this.#values();
    return { token: values["http.token"], hosts: values["http.hosts"] };
  }

  async #listen(): Promise<void> {
    const { host, port } = this.#place;
    const bound = await this.#server.listen(host, port);
    const url = `http://${hostPortText({ host: reachableHost(host), port: bound })}/`;
    this.#url = url;
    this.#log.info("http.started", { url }, `the status page is at ${url}`);
  }

  #tellUnavailable(error: NodeJS.ErrnoException, retryMaxMs: number): void {
    const place = hostPortText(this.#place);
    const reason = reasonOf(error);
    const message = `the status page cannot be served at ${place}: ${reason}. The gateway works without it, and tries again every ${retryMaxMs / 1000} s; http.listen names another place, or none ("")`;
    this.#log.warn("http.unavailable", { place, reason }, message);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "something else listens there already";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  if (code === "EACCES") return "ports below 1024 are not for everybody";
  return message;
}
