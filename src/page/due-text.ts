import type { ClientSummary } from "../http/answers.ts";
import { clockText } from "./clock-text.ts";
import { durationText } from "./duration-text.ts";

/** When something is to be heard of a client: until when it sleeps, or how long it is gone. Empty where there is nothing to say. */
export function dueText(client: ClientSummary, now: number): string {
  const { state, lastSeen, sleepSeconds, parted } = client;
  if (state === "asleep" && sleepSeconds > 0) {
    const wakesAt = lastSeen + sleepSeconds * 1000;
    if (wakesAt < now) return `due ${durationText(now - wakesAt)} ago`;
    return `until ${clockText(wakesAt, now)}, in ${durationText(wakesAt - now)}`;
  }
  // It has gone, in the way that its state tells.
  if (parted !== null && state === parted.how) {
    return `${durationText(now - parted.at)} ago`;
  }
  return "";
}
