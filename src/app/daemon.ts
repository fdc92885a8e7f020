import { randomInt } from "node:crypto";
import { Gateway } from "../gateway/gateway.ts";
import type { OwnClient } from "../mqtt/own-client.ts";
import type { Bridge } from "./bridge/bridge.ts";
import { openBridge } from "./bridge/open-bridge.ts";
import { BrokerAccess } from "./broker/broker-access.ts";
import { brokerReport } from "./broker/broker-report.ts";
import { BrokerSite } from "./broker/broker-site.ts";
import { ReachabilityReport } from "./broker/reachability-report.ts";
import type { Configuration } from "./configuration/configuration.ts";
import type { OptionValues } from "./configuration/options.ts";
import { reloadPlan } from "./configuration/reload-plan.ts";
import { coreSettings } from "./core-settings.ts";
import type { HttpService } from "./http/http-service.ts";
import { openHttp } from "./http/open-http.ts";
import { KeptState } from "./kept-state.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log/log.ts";
import { NoteLog } from "./log/note-log.ts";
import { reportOpenFiles } from "./log/open-files-report.ts";
import { RecentLog } from "./log/recent-log.ts";
import { reportFailedReload, reportReload } from "./log/reload-report.ts";
import { openFilesMax } from "./open-files-max.ts";
import { Runner, type Surroundings } from "./runner.ts";
import { DatagramTraces } from "./trace/datagram-traces.ts";
import { messageTrace } from "./trace/message-trace.ts";
import type { WhereIs } from "./where-is.ts";
import { within } from "./within.ts";

/** How long each part of an orderly end may take; together less than the 5 s that a service manager is promised. */
const STOP_MS = { http: 100, links: 2500, listenersAndState: 800, ownClient: 800, embeddedBroker: 700 } as const;

/** How long what has changed may take to be saved after a failure. */
const SAVE_AFTER_FAILURE_MS = 2000;

/** What whoever runs the gateway wants to know. */
interface DaemonCallbacks {
  /** Clients are let in, and the broker has been reached for the first time. */
  onReady: () => void;
  /** After a failure that is told in the log: the process must end. */
  onFailure: () => void;
}

/** Everything a running gateway is made of: the core, its listeners and links, its own client, and the broker inside if asked for. */
export class Daemon {
  #options: OptionValues;
  readonly #log: Log;
  readonly #noteLog: NoteLog;
  readonly #callbacks: DaemonCallbacks;
  /** Decides what is random in the core. */
  readonly #seed = randomInt(2 ** 32);
  #broker: BrokerSite | undefined;
  #listeners: Listeners | undefined;
  #ownClient: OwnClient | undefined;
  #access: BrokerAccess | undefined;
  /** Where the gateway tells of itself on the broker. */
  #bridge: Bridge | undefined;
  #http: HttpService | undefined;
  #core: Gateway | undefined;
  #runner: Runner | undefined;
  #surroundings: Surroundings | undefined;
  readonly #traces = new DatagramTraces((all) => {
    if (this.#surroundings !== undefined) this.#surroundings.trace = all;
  });
  #state: KeptState | undefined;
  #isReady = false;
  #hasFailed = false;

  private constructor(options: OptionValues, log: Log, callbacks: DaemonCallbacks) {
    this.#options = options;
    this.#log = log;
    this.#callbacks = callbacks;
    this.#noteLog = new NoteLog(log, this.#whereIs);
  }

  /**
   * Starts a gateway. Rejects with an Error for the user where a place to listen at cannot be had, or the folder of what is kept; what had
   * been started is then stopped again, and what is kept is as it was. A broker that cannot be reached is no failure: the gateway keeps trying.
   */
  static async start(options: OptionValues, log: Log, callbacks: DaemonCallbacks): Promise<Daemon> {
    const daemon = new Daemon(options, log, callbacks);
    try {
      await daemon.#start();
    } catch (error) {
      daemon.#runner?.abandon();
      const { listenersAndState } = STOP_MS;
      await within(daemon.#http?.close(), STOP_MS.http);
      await Promise.all([within(daemon.#listeners?.close(), listenersAndState), daemon.#bridge?.stop(0)]);
      await within(daemon.#state?.abandon(), STOP_MS.listenersAndState);
      await within(daemon.#traces.close(), STOP_MS.listenersAndState);
      await daemon.#closeConnections();
      throw error;
    }
    return daemon;
  }

  /** Where SN clients come in, with the ports that the system gave. */
  get listenerUrls(): string[] {
    return this.#listeners?.urls ?? [];
  }

  /** Where MQTT clients find the broker: the one outside, or the one inside with the port that the system gave. */
  get brokerUrl(): string {
    return this.#broker?.url ?? "";
  }

  /** Where the status page is; undefined where it is not. */
  get pageUrl(): string | undefined {
    return this.#http?.url;
  }

  /** What the file said by which it has its certificate for the broker; undefined where it has none. */
  get certificate(): string | undefined {
    return this.#broker?.certificate;
  }

  /** How many sessions were there from before the start. */
  get sessionsKept(): number {
    return this.#state?.saved?.sessions.length ?? 0;
  }

  /**
   * Takes over what of a configuration that was read again can be taken over, and tells what that is. Nobody is disconnected by it; what
   * is about connections holds for those that are opened from now on. Where anything is wrong, nothing changes.
   */
  reload(configuration: Configuration): void {
    if (!configuration.ok) {
      reportFailedReload(this.#log, configuration.problems);
      return;
    }
    const plan = reloadPlan(this.#options, configuration.values);
    const { values } = plan;
    const problems = this.#broker?.reload(plan) ?? [];
    if (problems.length > 0) {
      reportFailedReload(this.#log, problems);
      return;
    }
    const isForMore = values["clients.max"] > this.#options["clients.max"];
    this.#options = values;
    this.#access?.reload(values);
    this.#listeners?.reload(values, (from, data) => this.#core?.isOfClient(from, data) === true);
    this.#runner?.reload(coreSettings(values));
    this.#bridge?.reload();
    this.#http?.reload();
    // Told at the level of before or at that of now, whichever tells more.
    const isTold = this.#log.isLevelEnabled("info");
    if (isTold) reportReload(this.#log, plan);
    this.#log.level = values["log.level"];
    if (!isTold) reportReload(this.#log, plan);
    this.#broker?.tellOfCertificates();
    if (isForMore) reportOpenFiles(values, openFilesMax(), this.#log);
    this.#traces.set(this.#log, messageTrace(this.#log, this.#whereIs));
  }

  /** Ends in order: clients are told and links closed, then the sockets, then the gateway's own connection. Takes 5 s at most. */
  async stop(): Promise<void> {
    await within(this.#http?.close(), STOP_MS.http);
    const stopped = this.#runner?.stop(STOP_MS.links);
    // What the end has changed is known already, and need not wait for the links.
    await Promise.all([stopped, within(this.#state?.flush(), STOP_MS.links)]);
    await Promise.all([
      within(this.#listeners?.close(), STOP_MS.listenersAndState),
      this.#state?.close(STOP_MS.listenersAndState),
      this.#bridge?.stop(STOP_MS.listenersAndState),
      within(this.#traces.close(), STOP_MS.listenersAndState),
    ]);
    await this.#closeConnections();
    this.#noteLog.flush();
  }

  /**
   * For an error that nobody has caught: a bug of ours. It is logged, and what has changed is saved, in a bounded time; then `onFailure` is
   * called. Nothing else is done any more.
   */
  async fail(error: unknown): Promise<void> {
    const reason = (error instanceof Error && error.stack) || String(error);
    const message = `the gateway has failed; this is a bug of ours. ${reason}`;
    this.#log.error("gateway.failed", { reason, seed: this.#seed }, message);
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.#runner?.fail();
      const saved = this.#state?.close(SAVE_AFTER_FAILURE_MS);
      await Promise.all([saved, within(this.#traces.close(), SAVE_AFTER_FAILURE_MS)]);
    }
    this.#callbacks.onFailure();
  }

  readonly #whereIs: WhereIs = (address) => this.#listeners?.whereIs(address) ?? { address };

  async #start(): Promise<void> {
    const recentLog = new RecentLog(this.#log);
    const broker = await BrokerSite.open(this.#options, this.#log);
    this.#broker = broker;
    const access = new BrokerAccess(this.#options, broker.openStream, brokerReport(this.#log, broker.url));
    this.#access = access;
    const state = await KeptState.open(this.#options["state.path"], this.#log);
    this.#state = state;
    let send: Surroundings["send"] = () => {};
    const core = new Gateway(coreSettings(this.#options), this.#seed);
    this.#core = core;
    const surroundings: Surroundings = {
      send: (to, data) => send(to, data),
      broadcast: (near, radius, data) => this.#listeners?.broadcast(near, radius, data),
      publish: (topic, payload, retain) => this.#ownClient?.publish(topic, payload, { qos: 0, retain }),
      openLink: (link, connect, emit) => {
        this.#http?.linkOpens(connect.clientId);
        return access.openLink(link, connect, emit);
      },
      linkOpened: () => this.#onLinkOpened(),
      note: (note, now) => {
        this.#noteLog.print(note, now);
        this.#bridge?.note(note);
        this.#http?.note(note);
      },
      save: state && ((clientId) => state.changed(clientId)),
      stalled: (stalledMs) => this.#tellStall(stalledMs),
      trace: undefined,
      failed: (error) => void this.fail(error),
    };
    this.#surroundings = surroundings;
    this.#traces.set(this.#log, messageTrace(this.#log, this.#whereIs));
    await this.#traces.openCapture(this.#options, this.#log, () => this.#listeners);
    const runner = new Runner(core, surroundings);
    this.#runner = runner;
    this.#bridge = await openBridge({
      core,
      counts: runner.counts,
      log: this.#log,
      brokerUrl: this.brokerUrl,
      values: () => this.#options,
      listenerUrls: () => this.listenerUrls,
      publish: (topic, payload, how) => this.#ownClient?.publish(topic, payload, how) === true,
    });
    state?.keep(core, () => runner.saved());
    if (state?.saved !== undefined) {
      runner.restore(state.saved);
      this.#bridge?.restored(state.saved.sessions, (clientId) => core.savedSession(clientId));
    }
    const onDatagram = (from: string, data: Uint8Array) => runner.datagram(from, data);
    this.#listeners = await Listeners.open(this.#options, this.#log, onDatagram);
    send = this.#listeners.sender();
    // Topic ids are handed out again when it is saved that they go on behind those of before.
    state?.start();
    this.#http = await openHttp({
      core,
      runner,
      access,
      log: this.#log,
      recentLog,
      traces: this.#traces,
      whereIs: this.#whereIs,
      brokerUrl: this.brokerUrl,
      values: () => this.#options,
      listenerUrls: () => this.listenerUrls,
      isReady: () => this.#isReady,
      hasFailed: () => this.#hasFailed,
      datagramsRefused: () => this.#listeners?.refusedDatagrams ?? 0,
      stateWrites: () => state?.writes,
      logLinesOmitted: () => this.#noteLog.omitted,
    });
    this.#ownClient = this.#startOwnClient(access);
  }

  /** Some brokers let clients in, and not the gateway itself. */
  #onLinkOpened(): void {
    if (this.#ownClient === undefined) return;
    this.#ownClient.tryNow();
    this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#callbacks.onReady();
  }

  #tellStall(stalledMs: number): void {
    const seconds = Math.round(stalledMs / 1000);
    const message = `this process did not run for ${seconds} s; clients are not taken for lost for that time`;
    this.#log.warn("clock.stalled", { seconds }, message);
  }

  async #closeConnections(): Promise<void> {
    await within(this.#ownClient?.close(), STOP_MS.ownClient);
    await within(this.#broker?.close(), STOP_MS.embeddedBroker);
  }

  #startOwnClient(access: BrokerAccess): OwnClient {
    const report = new ReachabilityReport(this.#log, this.brokerUrl);
    const bridge = this.#bridge;
    return access.ownClient({
      will: bridge?.will,
      onWillRefused: (reason) => bridge?.willRefused(reason),
      onPublishRefused: (topic, reason) => bridge?.publishRefused(topic, reason),
      onReachable: (limits) => {
        report.reachable();
        this.#becomeReady();
        this.#runner?.brokerReachable(true, limits);
        bridge?.reachable();
        this.#http?.brokerReached();
      },
      onRenewed: (limits) => {
        this.#runner?.brokerReachable(true, limits);
        bridge?.reachable();
      },
      onUnreachable: (reason, isRefusal, broker) => {
        this.#runner?.brokerReachable(false);
        this.#http?.brokerUnreachable(reason);
        bridge?.unreachable(broker !== "absent");
        report.unreachable(reason, isRefusal, broker);
      },
    });
  }
}
