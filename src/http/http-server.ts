import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Access, type AccessSettings, addressOf } from "./access.ts";
import { type Answer, errorAnswer, writeAnswer } from "./answer.ts";
import { Api } from "./api.ts";
import { EventStreams } from "./event-streams.ts";
import { loginRoute, missing } from "./login.ts";
import { Places } from "./places.ts";
import { type Route, Routes } from "./route.ts";
import type { GatewaySource } from "./source.ts";
import { StaticFiles, type StaticFolders } from "./static-files.ts";
import { TokenGuard } from "./token-guard.ts";
import { Overloaded } from "./work-share.ts";

/** Connections besides those of streams. */
const OTHER_CONNECTIONS_MAX = 100;

/** How long a request may take to come, its head and all of it; and how long a connection may stay with nothing on it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;
const IDLE_MS = 60_000;

const HEADER_OCTETS_MAX = 16 * 1024;

export interface HttpServerOptions extends AccessSettings {
  source: GatewaySource;
  folders: StaticFolders;
  /** Streams at once. */
  streamsMax: number;
  /** Somebody has shown a wrong token. */
  onWrongToken: (address: string) => void;
  /** A bug of ours: the request is answered with 500, and all goes on. */
  onFailure: (error: unknown) => void;
}

/** Serves the status page, the API, health and metrics. What comes over the network is answered, and never thrown. */
export class HttpServer {
  readonly #source: GatewaySource;
  readonly #onFailure: (error: unknown) => void;
  readonly #streams: EventStreams;
  readonly #api: Api;
  readonly #access: Access;
  #token: string | undefined;
  readonly #files: StaticFiles;
  readonly #routes: Routes;
  readonly #server: Server;

  constructor(options: HttpServerOptions) {
    const { source, streamsMax, onFailure } = options;
    this.#source = source;
    this.#onFailure = onFailure;
    this.#streams = new EventStreams(streamsMax);
    this.#api = new Api(source, this.#streams, onFailure);
    this.#token = options.token;
    this.#access = new Access(options, new TokenGuard(options.onWrongToken));
    this.#files = new StaticFiles(options.folders);
    const login = loginRoute(this.#access, this.#files);
    this.#routes = new Routes([...this.#pages(), login, ...this.#probes(), ...this.#api.routes]);
    this.#server = createServer(
      {
        headersTimeout: HEADERS_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: 5000,
        maxHeaderSize: HEADER_OCTETS_MAX,
      },
      (request, response) => void this.#onRequest(request, response),
    );
    this.#server.maxConnections = streamsMax + OTHER_CONNECTIONS_MAX;
    this.#server.timeout = IDLE_MS;
    const places = new Places(this.#server.maxConnections, Math.floor(this.#server.maxConnections / 2));
    this.#server.on("connection", (socket) => {
      // One without an address has gone already.
      const address = socket.remoteAddress ?? "";
      if (address === "" || places.whyNot(address) !== undefined) socket.destroy();
      else socket.on("close", places.take(address));
    });
    // Who sends something else than HTTP is told so by Node, and hung up on.
  }

  /** Paths and methods of all that is served, for who wants to know whether all of it is described. */
  get paths(): { path: string; methods: string[] }[] {
    return this.#routes.all.map(({ path, methods }) => ({ path, methods: Object.keys(methods) }));
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** Begins to listen; gives the port. Rejects with the error of the system. */
  async listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error) => {
        server.off("listening", onListening);
        reject(error);
      };
      const onListening = () => {
        server.off("error", onError);
        // Such as no file descriptor left for a connection: the next one may have one.
        server.on("error", this.#onFailure);
        resolve();
      };
      // It may be tried often: nothing is left behind by an attempt that has failed.
      server.once("error", onError).once("listening", onListening).listen({ host, port });
    });
    return (server.address() as AddressInfo).port;
  }

  /** From now on these hold. */
  reload(settings: AccessSettings): void {
    // Who reads on has shown another token, or none.
    if (settings.token !== this.#token) this.#streams.end();
    this.#token = settings.token;
    this.#access.reload(settings);
  }

  /** Ends all streams, and takes no more requests. */
  async close(): Promise<void> {
    this.#api.end();
    this.#streams.end();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // What has been asked for already is not worth waiting for.
    this.#server.closeAllConnections();
    await closed;
  }

  #pages(): Route[] {
    const page = (path: string, name: string): Route => ({
      path,
      access: "login",
      isChecked: true,
      methods: { GET: async ({ request }) => (await this.#files.page(name, request.headers)) ?? missing() },
    });
    return [
      page("/", "index"),
      page("/client", "client"),
      {
        path: "/assets/{name...}",
        access: "all",
        isChecked: true,
        methods: {
          GET: async ({ request, parts }) => (await this.#files.asset(parts.name!, request.headers)) ?? notFound(),
        },
      },
      {
        path: "/api/openapi.yaml",
        access: "all",
        isChecked: true,
        methods: { GET: async ({ request }) => (await this.#files.openApi(request.headers)) ?? notFound() },
      },
    ];
  }

  #probes(): Route[] {
    const probe = (path: string, answer: (request: IncomingMessage) => Answer): Route => ({
      path,
      access: "all",
      isChecked: false,
      methods: { GET: ({ request }) => answer(request) },
    });
    return [
      probe("/healthz", () => (this.#source.hasFailed() ? FAILED : WELL)),
      probe("/readyz", (request) => {
        const problem = this.#source.whyNotReady();
        if (problem === undefined) return WELL;
        return this.#access.maySee(request) ? plain(503, problem) : NOT_READY;
      }),
      {
        path: "/metrics",
        access: "unauthorized",
        isChecked: true,
        methods: {
          GET: async () => {
            const { contentType, text } = await this.#api.metrics();
            return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, body: text };
          },
        },
      },
    ];
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks is no news.
    request.on("error", () => {});
    response.on("error", () => {});
    let answer: Answer | undefined;
    try {
      answer = await this.#answerTo(request, response);
    } catch (error) {
      // Whoever asked has gone while the form was read.
      if (request.destroyed && !request.complete) return;
      answer = this.#failed(error);
    }
    if (answer === undefined || response.headersSent || response.destroyed) return;
    // What is left of a body is not read.
    if (!request.complete) response.shouldKeepAlive = false;
    try {
      writeAnswer(response, answer);
    } catch (error) {
      // Such as a header with a character that none may have: nothing of it has been sent.
      writeAnswer(response, this.#failed(error));
    }
  }

  async #answerTo(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const url = request.url ?? "";
    const [path = "", search = ""] = splitOnce(url, "?");
    const found = this.#routes.of(path);
    if (found === undefined) return notFound();
    const { route, parts } = found;
    const refusal = this.#access.refusal(request, route, url);
    if (refusal !== undefined) return refusal;
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
    if (handler === undefined) return wrongMethod(route);
    if (path !== "/login" && hasBody(request)) return errorAnswer(413, "too-large", "no request has a body here");
    const query = new URLSearchParams(search);
    return handler({ request, response, query, parts, address: addressOf(request) });
  }

  #failed(error: unknown): Answer {
    if (error instanceof Overloaded) {
      return errorAnswer(503, "overloaded", `${error.message}; ask again in a second`, { "retry-after": "1" });
    }
    this.#onFailure(error);
    return errorAnswer(500, "failed", "this is a bug of the gateway; its log says more");
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function plain(status: number, text: string): Answer {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    body: Buffer.from(`${text}\n`),
  };
}

const WELL = plain(200, "ok");
const FAILED = plain(503, "the gateway has failed");
/** To who may not know more. */
const NOT_READY = plain(503, "not ready");

function notFound(): Answer {
  return errorAnswer(404, "not-found", "there is nothing here; /api/openapi.yaml says what there is");
}

function wrongMethod({ methods }: Route): Answer {
  const allowed = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const allow = allowed.join(", ");
  return errorAnswer(405, "wrong-method", `only ${allow} can be asked for here`, { allow });
}
