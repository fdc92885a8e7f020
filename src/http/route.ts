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

/** The route of a path, and its parts; undefined where there is none. */
export function routeOf(
  routes: readonly Route[],
  path: string,
): { route: Route; parts: Record<string, string> } | undefined {
  const asked = path.split("/");
  for (const route of routes) {
    const parts = partsOf(route.path.split("/"), asked);
    if (parts !== undefined) return { route, parts };
  }
  return undefined;
}

function partsOf(pattern: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  const parts: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const name = /^\{(\w+)(\.\.\.)?\}$/.exec(expected);
    const part = asked[index];
    if (part === undefined) return undefined;
    if (name === null) {
      if (part !== expected) return undefined;
      continue;
    }
    const text = decoded(name[2] === undefined ? part : asked.slice(index).join("/"));
    if (text === undefined || text === "") return undefined;
    parts[name[1]!] = text;
    if (name[2] !== undefined) return parts;
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
