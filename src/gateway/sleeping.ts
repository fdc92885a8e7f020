import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";

/** How long the broker may take to show that it has no more for a client that wants to sleep again. */
const PROBE_TIMEOUT_MS = 2000;

const NEVER: Instant = Number.POSITIVE_INFINITY;

/** The sleeping client (§6.14): asleep, awake while its messages are delivered, and back. */
export class Sleeping {
  readonly #client: ClientRecord;
  #probeDue: Instant = NEVER;
  /** The broker connection is a new one, and the broker may have more to send than has come. */
  #linkIsNew = false;

  constructor(client: ClientRecord) {
    this.#client = client;
  }

  /** When something is to be done for an awake client. */
  get awakeDeadline(): Instant {
    return Math.min(this.#awakeUntil, this.#client.deliveries.due, this.#probeDue);
  }

  /** DISCONNECT with a duration: asleep, for the new duration if it was before (Z1, Z14). */
  begin(duration: number, now: Instant): void {
    this.#client.sleepDuration = duration;
    this.#client.changed();
    this.#client.note("client.asleep", { duration });
    this.#fallAsleep(now);
  }

  /** It was asleep, or awake, before a restart. */
  restore(now: Instant): void {
    this.#fallAsleep(now);
  }

  /** PINGREQ of a sleeping client (Z4 to Z6). */
  wake(now: Instant): void {
    const client = this.#client;
    client.figures.countWakeUp();
    client.sendHeldAnswers();
    if (client.deliveries.waiting.length === 0 && !this.#linkIsNew) {
      client.send(FIXED.pingResp);
      this.#fallAsleep(now);
      return;
    }
    client.state = "awake";
    client.note("client.awake", { waiting: client.deliveries.waiting.length });
    client.deliveries.budget = client.settings.awakeMessagesMax;
    client.deliveries.answers.given = 0;
    client.deliveries.unpark(now);
    client.deliveries.advance(now);
  }

  /** CONNECT: the client is active from now on, and what waited for it follows the CONNACK that it has been sent (Z12). */
  end(wasAsleep: boolean, now: Instant): void {
    const client = this.#client;
    this.#probeDue = NEVER;
    client.sendHeldAnswers();
    if (wasAsleep) client.deliveries.unpark(now);
    else client.deliveries.recount(now);
    client.deliveries.advance(now);
  }

  /**
   * Ends the awake period when everything has been delivered and acknowledged (Z7). The broker may hold more than it sends at once, and
   * our last acknowledgements make it send: so it is asked for a sign of life, before which all of that arrives.
   */
  settle(now: Instant): void {
    const { deliveries, link } = this.#client;
    if (this.#client.state !== "awake" || !deliveries.pauses || this.#probeDue !== NEVER) return;
    if ((deliveries.answers.given > 0 || this.#linkIsNew) && deliveries.budget > 0) {
      deliveries.answers.given = 0;
      this.#linkIsNew = false;
      this.#probeDue = now + PROBE_TIMEOUT_MS;
      link.probe();
      return;
    }
    this.#client.send(FIXED.pingResp);
    this.#fallAsleep(now);
  }

  /** The client wants its messages, and there is no telling when the broker can be reached: it need not stay awake for that. */
  rest(now: Instant): void {
    this.#client.sendHeldAnswers();
    this.#client.send(FIXED.pingResp);
    this.#fallAsleep(now);
  }

  /** The broker connection has been made anew: nobody will answer a probe of before. */
  linkRenewed(): void {
    this.#probeDue = NEVER;
    this.#linkIsNew = true;
  }

  /** The broker has answered the probe. */
  probed(): void {
    this.#probeDue = NEVER;
  }

  /**
   * `awakeDeadline` has come. A client that does not answer has gone back to sleep; its message stays where it is (Z11). One that is
   * there but does not answer REGISTER gets the messages behind that one.
   */
  onAwakeDeadline(now: Instant): void {
    const { deliveries } = this.#client;
    if (now >= this.#probeDue) this.#probeDue = NEVER;
    const silent = now >= this.#awakeUntil;
    const unanswered = silent || (now >= deliveries.due && deliveries.retry(now) === "exhausted");
    if (!unanswered) return;
    if (deliveries.giveUpRegister(true) === "given up" && !silent) deliveries.advance(now);
    else this.#fallAsleep(now);
  }

  /** Awake is not supervised by the sleep timer, but a client that is silent for a whole retry cycle is not awake any more. */
  get #awakeUntil(): Instant {
    const { silence, settings } = this.#client;
    return silence.since + settings.tRetryMs * (settings.nRetry + 1);
  }

  #fallAsleep(now: Instant): void {
    const client = this.#client;
    client.state = "asleep";
    client.sleeps += 1;
    client.deliveries.park();
    client.silence.supervise(client.sleepDuration, client.settings.keepAliveFactor, 0, now);
    this.#probeDue = NEVER;
  }
}
