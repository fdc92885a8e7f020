import type { Message } from "../sn/message.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import type { Sleeping } from "./sleeping.ts";
import { TRANSITIONS } from "./transitions.ts";

/**
 * A message of a client that has not said since a restart whether it sleeps (`unheard`). What was saved is up to a second old: in that
 * second it may have gone to sleep, or become active. A sleeping client asks for its messages with its id in PINGREQ (Z4), and becomes
 * active by CONNECT before it wants anything else (Z15).
 */
export function heardAfterRestart(client: ClientRecord, sleeping: Sleeping, message: Message, now: Instant): void {
  const { unheard } = client;
  const reaction = TRANSITIONS[message.type][client.state];
  // Noise from its address, and the rest of a CONNECT that the restart has swallowed, say nothing of the client.
  if (reaction === "drop" || reaction === "ignore") return;
  switch (message.type) {
    case "CONNECT":
    case "DISCONNECT":
      // It says itself what it is from now on.
      client.unheard = undefined;
      return;
    case "PINGREQ":
      if (message.clientId === client.clientId) {
        client.unheard = undefined;
        if (client.state === "active") fallAsleep(client, sleeping, now);
      } else if (unheard === "active") {
        client.unheard = undefined;
      }
      return;
    default:
      if (unheard === "active") client.unheard = undefined;
      else if (client.state === "asleep") becomeActive(client, sleeping, now);
  }
}

function fallAsleep(client: ClientRecord, sleeping: Sleeping, now: Instant): void {
  client.sleepDuration ||= client.keepAlive;
  sleeping.restore(now);
  client.changed();
}

/** It is taken for active. Some publish from their sleep: so it may be silent as one that sleeps, and is not lost if it does not answer. */
function becomeActive(client: ClientRecord, sleeping: Sleeping, now: Instant): void {
  const { keepAlive, sleepDuration } = client;
  const { keepAliveFactor, idleLimitMs } = client.settings;
  client.state = "active";
  client.silence.supervise(keepAlive && Math.max(keepAlive, sleepDuration), keepAliveFactor, idleLimitMs, now);
  client.deliveries.budget = Number.POSITIVE_INFINITY;
  client.note("client.resumed", { waiting: client.deliveries.waiting.length });
  sleeping.end(true, now);
  client.changed();
}
