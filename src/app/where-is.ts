import type { Address } from "../gateway/contract.ts";

/** What an address says to people: host and port, and where there are several listeners the URL of the one that it speaks to. */
export type WhereIs = (address: Address) => { address: string; listener?: string };
