import type { ClientDetails, ClientSummary, GatewayStatus, History, TracedDatagram } from "./answers.ts";

/** What the server asks of the gateway that it is part of. Nothing here waits or throws, but for `metrics`. */
export interface GatewaySource {
  /** All of `/api/gateway` but what takes going through all clients. */
  status(): Omit<GatewayStatus, "sessions" | "states">;
  /** Every client there is something to see of. It is gone through in pieces, while clients come and go. */
  clients(): Iterable<ClientSummary>;
  /** All that there is to see of one; undefined where nothing is known of it. */
  client(clientId: string): ClientDetails | undefined;
  /** Sends a client away; with `forget` nothing is kept of it, here or at the broker. False where nothing is known of it. */
  dismiss(clientId: string, forget: boolean): boolean;
  /**
   * Has `onDatagram` called for each datagram of those from now on, until what is returned is called. `inWords` says what it is, and holds
   * only during the call.
   */
  trace(whose: TraceTarget, onDatagram: (inWords: () => TracedDatagram) => void): () => void;
  history(range: History["range"]): History;
  /** `/metrics`. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Why the gateway is not ready, in a few words; undefined from when it has been ready once. */
  whyNotReady(): string | undefined;
  /** The core has failed: the process is about to end. */
  hasFailed(): boolean;
}

/** Whose datagrams: those of a client, which need not be there; or those of an address, `10.0.0.7` or `10.0.0.7:4711`, whoever it is. */
export type TraceTarget = { clientId: string } | { address: string };
