import type { ClientSummary } from "../http/answers.ts";
import { durationText } from "./duration-text.ts";

/** What is probably wrong with a client, in a sentence. `bad`: it does not work at present; `odd`: it works and costs more than it should. */
export interface Diagnosis {
  severity: "bad" | "odd";
  text: string;
}

/** From so many on a share means something. */
const REPEATED_MIN = 5;

/** A client that connects more often than this does not keep its connection. */
const CONNECTS_EVERY_MS = 10 * 60 * 1000;
const CONNECTS_MIN = 4;

/** CONNECT takes a moment. */
const CONNECTING_MS = 15_000;

/** A client that listens has hardly so many messages waiting. */
const WAITING_MIN = 50;

/**
 * What the figures of a client say is wrong; undefined where nothing is to be seen. `now` and `startedAt`, when the gateway was started,
 * are milliseconds since 1970.
 */
export function diagnosis(client: ClientSummary, now: number, startedAt: number): Diagnosis | undefined {
  return (
    gone(client, now) ?? silent(client, now) ?? unlinked(client) ?? refused(client) ?? wasteful(client, now, startedAt)
  );
}

function gone({ state, parted, lastSeen, repeatedOut, delivered }: ClientSummary, now: number): Diagnosis | undefined {
  const why = parted === null || parted.reason === "" ? "" : `: ${parted.reason}`;
  const since = durationText(now - (parted?.at ?? lastSeen));
  switch (state) {
    case "refused":
      return { severity: "bad", text: `refused ${since} ago${why}` };
    case "abandoned": {
      const text = `began to connect ${since} ago and did not go on: do the gateway's answers reach it?`;
      return { severity: "bad", text };
    }
    case "lost": {
      const hint = repeatedOut > REPEATED_MIN && repeatedOut > delivered ? "; it needed most messages twice" : "";
      return { severity: "bad", text: `lost ${since} ago${why}${hint}` };
    }
    default:
      return undefined;
  }
}

function silent(client: ClientSummary, now: number): Diagnosis | undefined {
  const silentMs = now - client.lastSeen;
  if (client.state === "connecting" && silentMs > CONNECTING_MS) {
    return { severity: "bad", text: `did not finish its CONNECT for ${durationText(silentMs)}` };
  }
  if (client.state === "asleep") {
    const lateMs = silentMs - client.sleepSeconds * 1000;
    if (lateMs < 1000 || client.sleepSeconds === 0) return undefined;
    return { severity: "bad", text: `silent: was due to wake up ${durationText(lateMs)} ago${untilLost(client, now)}` };
  }
  if (client.state === "active") {
    const lateMs = silentMs - client.keepAliveSeconds * 1000;
    if (lateMs < 1000 || client.keepAliveSeconds === 0) return undefined;
    const promised = `it promised a sign of life every ${durationText(client.keepAliveSeconds * 1000)}`;
    return { severity: "bad", text: `silent for ${durationText(silentMs)}; ${promised}${untilLost(client, now)}` };
  }
  return undefined;
}

function untilLost({ lostAt }: ClientSummary, now: number): string {
  return lostAt === null || lostAt <= now ? "" : `; taken for lost in ${durationText(lostAt - now)}`;
}

function unlinked({ state, link, unanswered, queued }: ClientSummary): Diagnosis | undefined {
  if (link === "renewing" && state !== "lost" && state !== "disconnected") {
    return { severity: "bad", text: "its connection to the broker is gone and is being made anew" };
  }
  if (unanswered >= REPEATED_MIN) {
    return { severity: "bad", text: `${unanswered} of its requests wait for the broker's answer` };
  }
  if (state === "active" && queued >= WAITING_MIN) {
    return { severity: "odd", text: `${queued} messages wait for it: it takes them more slowly than they come` };
  }
  return undefined;
}

function refused({ refused, published }: ClientSummary): Diagnosis | undefined {
  if (refused < REPEATED_MIN || refused * 4 < published) return undefined;
  const succeeded = published === 0 ? "none of its messages was taken" : `${published} of its messages were taken`;
  const text = `${refused} of its requests were refused, and ${succeeded}: its log lines say why`;
  return { severity: refused > published ? "bad" : "odd", text };
}

function wasteful(client: ClientSummary, now: number, startedAt: number): Diagnosis | undefined {
  const { published, delivered, dropped, repeatedIn, repeatedOut, connects, state } = client;
  if (repeatedIn >= REPEATED_MIN && repeatedIn * 4 >= published) {
    const share = repeatedIn >= published ? "everything" : "many messages";
    return { severity: "odd", text: `sends ${share} twice: the answers do not reach it, or come too late` };
  }
  if (repeatedOut >= REPEATED_MIN && repeatedOut * 4 >= delivered) {
    return { severity: "odd", text: "needs messages twice: they, or its answers, get lost on the way" };
  }
  const everyMs = (now - startedAt) / Math.max(1, connects);
  if (connects >= CONNECTS_MIN && everyMs < CONNECTS_EVERY_MS && state !== "disconnected") {
    return {
      severity: "odd",
      text: `connects anew every ${durationText(everyMs)}: does it restart, or ignore answers?`,
    };
  }
  if (dropped >= REPEATED_MIN && dropped > delivered) {
    return { severity: "odd", text: `${dropped} messages for it were given up` };
  }
  return undefined;
}
