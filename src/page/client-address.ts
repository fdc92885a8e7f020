import type { ClientSummary } from "../http/answers.ts";

/** The page about a client. */
export function clientAddress(clientId: string): string {
  return `/client?id=${encodeURIComponent(clientId)}`;
}

/** Where a client is: its own address, or its forwarder's and which of the nodes behind it. */
export function placeText({ address, wirelessNodeId }: Pick<ClientSummary, "address" | "wirelessNodeId">): string {
  return wirelessNodeId === null ? address : `${address} node ${wirelessNodeId}`;
}
