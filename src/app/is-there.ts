import type { ClientView } from "../gateway/client-view.ts";

/** What the core has to say of its clients; `Gateway` is one. */
export interface ClientStates {
  detail(clientId: string, now: number): Pick<ClientView, "state"> | undefined;
}

const GONE: ReadonlySet<ClientView["state"]> = new Set(["lost", "disconnected", "refused", "abandoned"]);

/** Whether a client has a session in use, or is about to: not one that is only remembered. */
export function isThere(core: ClientStates, clientId: string): boolean {
  const state = core.detail(clientId, 0)?.state;
  return state !== undefined && !GONE.has(state);
}
