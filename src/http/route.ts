import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";

/** What is known of a request when its route is found. */
export interface RoutedRequest {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  /** The parts of the path that the route leaves open, decoded. */
  parts: Readonly<Record<string, string>>;
  /** Where it comes from. */
  address: string;
}

/** Answers a request; undefined where it has begun a stream. */
export type Handler = (routed: RoutedRequest) => Answer | undefined | Promise<Answer | undefined>;

/** What is served under one path. */
export interface Route {
  /** `/api/clients/{clientId}`; what is in braces stands for one part, and for all that is left at the end with three dots behind its name. */
  path: string;
  /** Who may ask: `all`; or who has the token: others are sent to the `login` page, or are told that they are `unauthorized`. */
  access: "all" | "login" | "unauthorized";
  /** Whether it matters by which name, and from which page it is asked for: not where it says nothing and does nothing. */
  isChecked: boolean;
  methods: Readonly<Record<string, Handler>>;
}

/** All routes, by their paths. */
export class Routes {
  readonly all: readonly Route[];
  /** Those without braces: a flood of requests finds its route at once. */
  readonly #whole = new Map<string, FoundRoute>();
  readonly #patterns: { route: Route; pattern: readonly Piece[] }[] = [];

  constructor(all: readonly Route[]) {
    this.all = all;
    for (const route of all) {
      if (route.path.includes("{")) this.#patterns.push({ route, pattern: route.path.split("/").map(pieceOf) });
      else this.#whole.set(route.path, { route, parts: {} });
    }
  }

  /** The route of a path, and its parts; undefined where there is none. */
  of(path: string): FoundRoute | undefined {
    const whole = this.#whole.get(path);
    if (whole !== undefined) return whole;
    const asked = path.split("/");
    for (const { route, pattern } of this.#patterns) {
      const parts = partsOf(pattern, asked);
      if (parts !== undefined) return { route, parts };
    }
    return undefined;
  }
}

interface FoundRoute {
  route: Route;
  parts: Readonly<Record<string, string>>;
}

/** What stands between two slashes: a word, or what is called `name`; with all that follows where it is the rest. */
interface Piece {
  word: string;
  name: string | undefined;
  isRest: boolean;
}

function pieceOf(word: string): Piece {
  const open = /^\{(\w+)(\.\.\.)?\}$/.exec(word);
  return { word, name: open?.[1], isRest: open?.[2] !== undefined };
}

function partsOf(pattern: readonly Piece[], asked: readonly string[]): Record<string, string> | undefined {
  const parts: Record<string, string> = {};
  for (const [index, { word, name, isRest }] of pattern.entries()) {
    const part = asked[index];
    if (part === undefined) return undefined;
    if (name === undefined) {
      if (part !== word) return undefined;
      continue;
    }
    const text = decoded(isRest ? asked.slice(index).join("/") : part);
    if (text === undefined || text === "") return undefined;
    parts[name] = text;
    if (isRest) return parts;
  }
  return asked.length === pattern.length ? parts : undefined;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
