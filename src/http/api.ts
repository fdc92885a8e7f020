import { type Answer, errorAnswer, jsonAnswer } from "./answer.ts";
import type { GatewayStatus } from "./answers.ts";
import { type ClientQuery, clientQuery, unknownParameter, wrongWord } from "./client-query.ts";
import type { EventStreams } from "./event-streams.ts";
import { LiveViews, type ViewEvent } from "./live-views.ts";
import type { Handler, Route, RoutedRequest } from "./route.ts";
import { SharedSnapshot } from "./shared-snapshot.ts";
import type { GatewaySource, TraceTarget } from "./source.ts";
import { TraceStream } from "./trace-stream.ts";
import { tracedAddress } from "./traced-address.ts";
import { type Job, WorkShare } from "./work-share.ts";

/** Clients that are put into words in one step. */
const TEXT_STEP = 50;

/** Characters of an address to trace. */
const ADDRESS_MAX = 100;

type MetricsText = Awaited<ReturnType<GatewaySource["metrics"]>>;

/** `/api`: what there is to see, and the little there is to do. */
export class Api {
  readonly #source: GatewaySource;
  readonly #streams: EventStreams;
  readonly #share = new WorkShare();
  readonly #views: LiveViews;
  /** Of its own: who watches the gateway does not wait for those who ask for lists. */
  readonly #metricsShare = new WorkShare();
  /** Those that are asked for, and not begun yet. */
  #metrics: Promise<MetricsText> | undefined;
  readonly #snapshot: SharedSnapshot;

  /** `onFailure` is told of a bug. */
  constructor(source: GatewaySource, streams: EventStreams, onFailure: (error: unknown) => void) {
    this.#source = source;
    this.#streams = streams;
    this.#snapshot = new SharedSnapshot(() => source.clients());
    this.#views = new LiveViews(this.#share, onFailure);
  }

  get routes(): Route[] {
    const route = (path: string, methods: Record<string, Handler>): Route => ({
      path,
      access: "unauthorized",
      isChecked: true,
      methods,
    });
    return [
      route("/api/gateway", { GET: this.#gateway }),
      route("/api/clients", { GET: this.#clients }),
      // By `id`: no browser asks for a path that ends in a dot or two, which are client ids as well.
      ...["/api/client", "/api/clients/{clientId}"].flatMap((path) => [
        route(path, { GET: ofClient(this.#client), DELETE: ofClient(this.#forget) }),
        route(`${path}/disconnect`, { POST: ofClient(this.#disconnect) }),
        route(`${path}/stream`, { GET: ofClient(this.#clientStream) }),
        route(`${path}/trace`, { GET: ofClient(this.#clientTrace) }),
      ]),
      route("/api/history", { GET: this.#history }),
      route("/api/stream", { GET: this.#stream }),
      route("/api/trace", { GET: this.#addressTrace }),
    ];
  }

  end(): void {
    this.#views.end();
  }

  /** What `/metrics` answers: made once for all who have asked until its turn comes. */
  metrics(): Promise<MetricsText> {
    this.#metrics ??= this.#makeMetrics();
    return this.#metrics;
  }

  async #makeMetrics(): Promise<MetricsText> {
    await this.#metricsShare.do(once(() => {}));
    this.#metrics = undefined;
    // It takes some milliseconds, and more where many files are open, and waits for nothing.
    const start = performance.now();
    const answer = await this.#source.metrics();
    this.#metricsShare.charge(performance.now() - start);
    return answer;
  }

  readonly #gateway: Handler = ({ query }) => {
    const problem = unknownParameter(query, []);
    return problem === undefined ? this.#answer(this.#status()) : badRequest(problem);
  };

  readonly #clients: Handler = ({ query }) => {
    const asked = clientQuery(query);
    if ("problem" in asked) return badRequest(asked.problem);
    return this.#share.do(inOctets(this.#listText(asked))).then((octets) => jsonAnswer(octets));
  };

  readonly #client: ClientHandler = async (clientId) => {
    const text = await this.#share.do(once(() => JSON.stringify(this.#source.client(clientId))));
    return text === undefined ? unknownClient() : jsonAnswer(text);
  };

  readonly #history: Handler = ({ query }) => {
    const problem = unknownParameter(query, ["range"]) ?? wrongWord(query, "range", ["10m", "24h"]);
    if (problem !== undefined) return badRequest(problem);
    const range = query.get("range") === "24h" ? "24h" : "10m";
    return this.#answer(once(() => this.#source.history(range)));
  };

  readonly #disconnect: ClientHandler = (clientId) => this.#dismiss(clientId, false);

  readonly #forget: ClientHandler = (clientId) => this.#dismiss(clientId, true);

  #dismiss(clientId: string, forget: boolean): Answer {
    return this.#source.dismiss(clientId, forget) ? { status: 202 } : unknownClient();
  }

  readonly #stream: Handler = (routed) => {
    const query = clientQuery(routed.query);
    if ("problem" in query) return badRequest(query.problem);
    const look = () => this.#overview(query);
    const { states } = query;
    const key = JSON.stringify({ ...query, states: states && [...states].sort() });
    return this.#show(routed, `clients ${key}`, look);
  };

  readonly #clientStream: ClientHandler = (clientId, routed) => {
    const look = () =>
      once(() => {
        const client = this.#source.client(clientId);
        // Said at each change between the two.
        return [
          client === undefined ? { event: "gone", data: "{}" } : { event: "client", data: JSON.stringify(client) },
        ];
      });
    return this.#show(routed, `client ${clientId}`, look);
  };

  readonly #clientTrace: ClientHandler = (clientId, routed) => this.#trace(routed, { clientId });

  readonly #addressTrace: Handler = (routed) => {
    const problem = unknownParameter(routed.query, ["address"]);
    if (problem !== undefined) return badRequest(problem);
    const asked = routed.query.get("address") ?? "";
    const address = asked.length > ADDRESS_MAX ? undefined : tracedAddress(asked);
    if (address === undefined) {
      const what = asked === "" ? "is missing" : "is not an IP address";
      return badRequest(
        `address: ${what}; give one, such as 10.0.0.7, or one with its port, such as 10.0.0.7:4711 or [fd00::7]:4711; a client is traced by its id`,
      );
    }
    return this.#trace(routed, { address });
  };

  #trace({ request, response, address }: RoutedRequest, target: TraceTarget): Answer | undefined {
    if (request.method === "HEAD") return STREAM_HEAD;
    const full = this.#streams.whyNot(address);
    if (full !== undefined) return tooMany(full);
    let stop = () => {};
    let trace: TraceStream | undefined;
    const reader = this.#streams.begin(response, address, () => {
      stop();
      trace?.end();
    });
    trace = new TraceStream(reader);
    stop = this.#source.trace(target, trace.add);
    return undefined;
  }

  #show({ request, response, address }: RoutedRequest, key: string, look: () => Job<ViewEvent[]>): Answer | undefined {
    if (request.method === "HEAD") return STREAM_HEAD;
    const full = this.#streams.whyNot(address);
    if (full !== undefined) return tooMany(full);
    let stop = () => {};
    const reader = this.#streams.begin(response, address, () => stop());
    stop = this.#views.show(key, look, reader);
    return undefined;
  }

  *#overview(query: ClientQuery): Job<ViewEvent[]> {
    const status = yield* this.#status();
    yield;
    const list = yield* this.#listText(query);
    yield;
    // The time and what the process takes are others each time, and nobody waits for them.
    const { now, process, ...rest } = status;
    return [
      { event: "gateway", data: JSON.stringify(status), sameAs: JSON.stringify(rest) },
      { event: "clients", data: list },
    ];
  }

  *#status(): Job<GatewayStatus> {
    const { states } = yield* this.#snapshot.take();
    const sessions = states.connecting + states.active + states.asleep + states.awake;
    return { ...this.#source.status(), sessions, states };
  }

  /** A page of the list in JSON, made in steps. */
  *#listText(query: ClientQuery): Job<string> {
    const all = yield* this.#snapshot.take();
    const { clients, ...list } = yield* all.list(query);
    const texts: string[] = [];
    for (const client of clients) {
      texts.push(JSON.stringify(client));
      if (texts.length % TEXT_STEP === 0) yield;
    }
    return JSON.stringify({ ...list, clients: [] }).replace('"clients":[]', () => `"clients":[${texts.join(",")}]`);
  }

  async #answer(job: Job<unknown>): Promise<Answer> {
    return jsonAnswer(await this.#share.do(inOctets(inJson(job))));
  }
}

/** Answers a request about a client. */
type ClientHandler = (clientId: string, routed: RoutedRequest) => ReturnType<Handler>;

/** Finds out which client a request is about: it is named in the path, or by the parameter `id`. */
function ofClient(handler: ClientHandler): Handler {
  return (routed) => {
    const { query, parts } = routed;
    const inPath = parts.clientId;
    const problem = unknownParameter(query, inPath === undefined ? ["id"] : []);
    if (problem !== undefined) return badRequest(problem);
    const clientId = inPath ?? query.get("id") ?? "";
    return clientId === "" ? badRequest("id: is missing; give a client id") : handler(clientId, routed);
  };
}

const STREAM_HEAD: Answer = { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" } };

function* inJson(job: Job<unknown>): Job<string> {
  const value = yield* job;
  yield;
  return JSON.stringify(value);
}

/** Made here, so that nothing is left to do that would hold up others. */
function* inOctets(job: Job<string>): Job<Uint8Array> {
  const text = yield* job;
  yield;
  return Buffer.from(text);
}

// biome-ignore lint/correctness/useYield: a job of one step
function* once<T>(work: () => T): Job<T> {
  return work();
}

function badRequest(problem: string): Answer {
  return errorAnswer(400, "bad-request", problem);
}

function unknownClient(): Answer {
  return errorAnswer(
    404,
    "unknown-client",
    "nothing is known of a client with this id; ids differ in capital and small letters",
  );
}

function tooMany(reason: string): Answer {
  return errorAnswer(503, "too-many-streams", reason, { "retry-after": "10" });
}
