import { type Context, note } from "./context.ts";
import type { Instant } from "./contract.ts";
import type { Session } from "./session.ts";

/** Says that a session has failed, with what happened to it last. Never throws, whatever was thrown. */
export function noteFailure(context: Context, session: Session, error: unknown, now: Instant): void {
  const { clientId, state } = session;
  const text = told(() => String((error as Error | undefined)?.stack ?? error));
  note(context, "session.failed", { clientId, state, error: text, events: told(() => session.recent.text(now)) });
}

/** A bug may leave anything behind. */
function told(text: () => string): string {
  try {
    return text();
  } catch {
    return "something that cannot be told";
  }
}
