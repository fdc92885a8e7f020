import type { ClientRecord } from "./client-record.ts";

/** How far beyond its limits a queue may grow while an answer of the broker is awaited that comes behind it … */
const ANSWER_FACTOR = 2;
/** … and while nothing can leave the queue before that answer. A broker with a window, as Mosquitto's, never gets there. */
const STUCK_FACTOR = 20;

/**
 * Stops or goes on with reading from a client's broker connection, by the room there is for what comes. What the broker is asked for
 * comes behind the messages that there is no room for: where these wait for that, to stop reading would be for ever, and any other
 * answer is worth some room more. False where that goes too far: the connection is of no use any more.
 */
export function balance(client: ClientRecord): boolean {
  const { link, requests, deliveries, buffered } = client;
  const { waiting } = deliveries;
  // Nearly always nothing waits.
  if (!link.exists || (waiting.length === 0 && !link.isPaused)) return true;
  const noRoomOfItsOwn = link.isPaused ? !waiting.hasRoom : waiting.exceeds(1);
  const isFull = link.isPaused ? !buffered.hasRoom : buffered.isFull;
  const noRoomForAll = isFull && waiting.keepsAny;
  // A client that does one thing at a time, as mqtt-sn-tools, takes no message while it waits for the answer to its own.
  const waitsForAnswer = deliveries.repeating && !requests.empty;
  const stuck = deliveries.awaitsBroker || requests.subscribing || waitsForAnswer || client.state === "awaiting broker";
  if (stuck && waiting.exceeds(STUCK_FACTOR)) return false;
  const pauses = (noRoomOfItsOwn || noRoomForAll) && !stuck && (requests.empty || waiting.exceeds(ANSWER_FACTOR));
  // Its own events tell when there is room of its own again, but not when there is for all.
  if (pauses && noRoomForAll) buffered.wait(client.clientId);
  if (pauses === link.isPaused) return true;
  link.pause(pauses);
  if (pauses) deliveries.answers.sentAgain.expect();
  const limit = noRoomOfItsOwn ? "clients.max_queued" : "clients.max_buffered_bytes";
  if (pauses) client.note("queue.paused", { waiting: waiting.length, limit });
  else client.note("queue.resumed", { waiting: waiting.length });
  return true;
}
