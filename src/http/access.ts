import type { IncomingMessage } from "node:http";
import { type Answer, errorAnswer } from "./answer.ts";
import type { Route } from "./route.ts";
import { isFromOwnPage, namesThisHost } from "./same-origin.ts";
import type { TokenGuard, Verdict } from "./token-guard.ts";

/** How long who has shown too many wrong tokens is told to wait, in seconds. */
const WAIT_SECONDS = 60;

/** What of the configuration decides about it; a reload may change it. */
export interface AccessSettings {
  /** Undefined where none is needed. */
  token: string | undefined;
  /** Names by which this host is reached besides its own. */
  hosts: readonly string[];
}

/** Who may ask for what: by the name the host is called, by the page it is asked from, and by the token. */
export class Access {
  readonly guard: TokenGuard;
  #hosts: readonly string[];

  constructor(settings: AccessSettings, guard: TokenGuard) {
    this.guard = guard;
    this.#hosts = settings.hosts;
    guard.token = settings.token;
  }

  /** From now on these hold. */
  reload({ token, hosts }: AccessSettings): void {
    this.#hosts = hosts;
    this.guard.token = token;
  }

  /** What a request is answered with that may not have what it asks for; undefined where it may. `path` with its query. */
  refusal(request: IncomingMessage, route: Pick<Route, "access" | "isChecked">, path: string): Answer | undefined {
    if (!route.isChecked) return undefined;
    const { headers } = request;
    const isByOwnName = namesThisHost(headers.host, this.#hosts);
    const shown = this.#judgeBearer(request, isByOwnName);
    // Who shows the token in this header is no page of others: it may call us whatever it likes.
    if (shown !== "yes" && !isByOwnName) return misdirected(headers.host);
    const changes = request.method !== "GET" && request.method !== "HEAD";
    if ((changes || route.access === "unauthorized") && !isFromOwnPage(headers)) return foreign();
    if (route.access === "all" || !this.guard.isNeeded || shown === "yes" || this.#hasCookie(request)) return undefined;
    if (shown === "wait") return tooMany();
    if (route.access === "login") return toLogin(path);
    return errorAnswer(401, "unauthorized", UNAUTHORIZED, { "www-authenticate": 'Bearer realm="mqtt-sn-gateway"' });
  }

  /** Whether who asks may see what the API tells. */
  maySee(request: IncomingMessage): boolean {
    return this.refusal(request, SEEN, "") === undefined;
  }

  /** The header that gives a browser its cookie. */
  setCookie(request: IncomingMessage): string {
    return `${cookieName(request)}=${this.guard.cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }

  #hasCookie(request: IncomingMessage): boolean {
    const name = cookieName(request);
    for (const each of (request.headers.cookie ?? "").split(";")) {
      const [key, value] = each.trim().split("=");
      if (key === name && value !== undefined && this.guard.isCookie(value)) return true;
    }
    return false;
  }

  /** Undefined where the header is not there. */
  #judgeBearer(request: IncomingMessage, isByOwnName: boolean): Verdict | undefined {
    if (!this.guard.isNeeded) return undefined;
    const token = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) return undefined;
    return this.guard.judge(octetsAsText(token.trim()), addressOf(request), isByOwnName);
  }
}

/** As the API. */
const SEEN = { access: "unauthorized", isChecked: true } as const;

/** Where a request comes from. */
export function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? "";
}

const UNAUTHORIZED =
  "this needs the token of http.token_file: in the header Authorization: Bearer …, or log in at /login";

/** Browsers send cookies to every port of a host: that of another gateway must not take the place of ours. */
function cookieName(request: IncomingMessage): string {
  return `mqttsn_access_${request.socket.localPort}`;
}

/** Node takes headers for Latin-1; a token is UTF-8. */
function octetsAsText(header: string): string {
  return Buffer.from(header, "latin1").toString("utf8");
}

function misdirected(host: string | undefined): Answer {
  const shown = host === undefined ? "nobody" : JSON.stringify(host.slice(0, 260));
  const remedy = "call it by an address, by localhost or by the machine's own name, or add the name to http.hosts";
  return errorAnswer(421, "unknown-host", `this gateway does not know itself as ${shown}; ${remedy}`);
}

function foreign(): Answer {
  return errorAnswer(403, "foreign-page", "a page of another origin may not ask for this");
}

function tooMany(): Answer {
  return errorAnswer(429, "too-many-attempts", "there were too many wrong tokens; wait a minute", {
    "retry-after": String(WAIT_SECONDS),
  });
}

function toLogin(path: string): Answer {
  const next = path === "/" ? "" : `?next=${encodeURIComponent(path)}`;
  return { status: 303, headers: { location: `/login${next}`, "cache-control": "no-store" } };
}
