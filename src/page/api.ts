import type { ApiError } from "../http/answers.ts";

/** How long an answer may take. */
const ANSWER_MS = 10_000;

/** The answer to a request: `status` 0 where there was none; `problem` is a sentence. */
type Answer<T> = { ok: true; value: T } | { ok: false; status: number; problem: string };

/** Asks the gateway. Whoever has no access any more is led to where it is given. */
export async function ask<T>(path: string, method: "GET" | "POST" | "DELETE" = "GET"): Promise<Answer<T>> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(path, { method, signal, headers: { accept: "application/json" } });
    if (answer.status === 401) goToLogin();
    const text = await answer.text();
    const value: unknown = text === "" ? undefined : JSON.parse(text);
    if (answer.ok) return { ok: true, value: value as T };
    return { ok: false, status: answer.status, problem: (value as ApiError | undefined)?.message ?? answer.statusText };
  } catch {
    // No connection, no answer in time, or one that is not the gateway's: to whoever looks at the page it is the same.
    return { ok: false, status: 0, problem: "the gateway does not answer" };
  }
}

function goToLogin(): void {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
