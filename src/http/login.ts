import type { IncomingMessage } from "node:http";
import { type Access, addressOf } from "./access.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import type { Handler, Route } from "./route.ts";
import type { StaticFiles } from "./static-files.ts";

/** A form with a token of the longest kind, all of it escaped. */
const FORM_OCTETS_MAX = 4096;

/** Pages of ours that one may have come from, as they stand in a request: a header carries nothing else than visible ASCII. */
const NEXT = /^\/(client)?(\?[!-"$-[\]-~]*)?$/;

/** `/login`: a form for the token; who has it gets a cookie. */
export function loginRoute(access: Access, files: StaticFiles): Route {
  const show: Handler = async ({ request, query }) => {
    if (!access.guard.isNeeded) return seeOther(nextOf(query));
    return (await files.page("login", request.headers)) ?? missing();
  };
  const take: Handler = async ({ request, query }) => {
    const form = await formOf(request);
    if (form === undefined) return errorAnswer(413, "too-large", `a form has ${FORM_OCTETS_MAX} octets at most`);
    const verdict = access.guard.judge(form.get("token") ?? "", addressOf(request));
    if (verdict === "yes") return seeOther(nextOf(query), { "set-cookie": access.setCookie(request) });
    const next = query.get("next");
    const back = next === null ? "" : `?next=${encodeURIComponent(next)}`;
    return seeOther(`/login${back}#${verdict === "wait" ? "wait" : "wrong"}`);
  };
  return { path: "/login", access: "all", isChecked: true, methods: { GET: show, POST: take } };
}

function nextOf(query: URLSearchParams): string {
  const next = query.get("next") ?? "/";
  return NEXT.test(next) ? next : "/";
}

function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 303, headers: { location, "cache-control": "no-store", ...headers } };
}

export function missing(): Answer {
  return errorAnswer(404, "not-found", "the status page is not there: it comes with npm run build");
}

/** Undefined where it is too large, or does not say how large it is. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (coding !== undefined || Number(length ?? 0) > FORM_OCTETS_MAX) return undefined;
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString("utf8"));
}
