import type { ServerResponse } from "node:http";
import type { ApiError } from "./answers.ts";

/** What a request is answered with. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
}

/** What may be done by a page of ours, and by nobody else with it: nothing comes from elsewhere, and nothing stands in a frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Comes with every answer. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // With no-referrer a browser says of the login form that it comes from nowhere.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** JSON that is made now, and is another one the next time. */
export function jsonAnswer(text: string | Uint8Array, status = 200): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    body: text,
  };
}

/** Why there is no other answer: `error` is a word for programs, `message` a sentence for people. */
export function errorAnswer(
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const told: ApiError = { error, message };
  const answer = jsonAnswer(`${JSON.stringify(told)}\n`, status);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** The head of an answer whose body comes bit by bit. */
export function writeHead(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { ...HEADERS, ...headers });
}

/** A whole answer. To HEAD, Node leaves the body out. */
export function writeAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  const octets = typeof body === "string" ? Buffer.from(body) : (body ?? new Uint8Array());
  const length = status === 304 ? {} : { "content-length": String(octets.length) };
  writeHead(response, status, { ...headers, ...length });
  response.end(octets);
}
