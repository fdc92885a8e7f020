import type { Connect, PingReq } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { Admission } from "./admission.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant } from "./contract.ts";
import type { Forwarding } from "./forwarding.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import type { Strangers } from "./strangers.ts";

/** Who may connect, and who may speak from another address than before. */
export class Arrivals {
  readonly #context: Context;
  readonly #sessions: Sessions;
  readonly #admission: Admission;
  readonly #strangers: Strangers;

  constructor(context: Context, sessions: Sessions, admission: Admission, strangers: Strangers) {
    this.#context = context;
    this.#sessions = sessions;
    this.#admission = admission;
    this.#strangers = strangers;
  }

  /** CONNECT. */
  connect(connect: Connect, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    const { clientId } = connect;
    const reason = this.#admission.whyNot(connect);
    if (reason !== undefined || clientId === null) {
      this.#refuse(RETURN_CODE.notSupported, { clientId: clientId ?? undefined, reason }, from, forwarding, now);
      return;
    }
    const there = this.#sessions.at(from);
    const known = this.#sessions.of(clientId);
    const limit = this.#limitReached(connect, known, there, now);
    if (limit !== undefined) {
      const why = { clientId, reason: `${limit} is reached`, limit };
      this.#refuse(RETURN_CODE.congestion, why, from, forwarding, now);
      return;
    }
    if (there !== undefined && there !== known) this.#displace(there, now);
    const session = this.#sessions.join(clientId);
    this.#sessions.move(session, from, forwarding);
    this.#sessions.enter(session, "CONNECT", 0, now);
    session.handleMessage(connect, now);
    this.#sessions.leave(session);
  }

  /** It gets no session. Who has none shows as refused, so that one sees why it is silent. */
  #refuse(
    returnCode: number,
    why: { clientId: string | undefined; reason: string | undefined; limit?: string },
    from: Address,
    forwarding: Forwarding | undefined,
    now: Instant,
  ): void {
    const octetsOut = this.#strangers.refuse(returnCode, why, from, forwarding, now);
    const { clientId, reason = "" } = why;
    if (clientId === undefined || !this.#admission.isClientId(clientId)) return;
    this.#sessions.refused(clientId, reason, octetsOut, from, forwarding, now);
  }

  /** Another client speaks from the address of this one, so that this one cannot be there any more (C16). */
  #displace(session: Session, now: Instant): void {
    if (this.#mayMove(session)) return;
    this.#sessions.enter(session, "replaced", 0, now);
    session.replaced();
    this.#sessions.leave(session);
  }

  /** A sleeping client says nothing, so its address may be another's by now, where it may wake up elsewhere. */
  #mayMove(session: Session): boolean {
    return this.#context.settings.migrateOnWake && session.state === "asleep";
  }

  /** The limit that keeps a client from beginning a set-up now, by its key. Who has a session already does not lose it by that. */
  #limitReached(connect: Connect, known: Session | undefined, there: Session | undefined, now: Instant) {
    if (known?.goesOnWith(connect) === true) return undefined;
    if (known === undefined || known.ended) {
      // Who has the address now makes room.
      const leaves = there === undefined || this.#mayMove(there) ? 0 : 1;
      const full = this.#admission.fullBy({
        sessions: this.#sessions.liveCount - leaves,
        links: this.#sessions.linkCount,
        setUps: this.#sessions.settingUpCount - (there?.settingUp === true ? 1 : 0),
      });
      if (full !== undefined) return full;
    }
    return this.#admission.tooFastBy(now);
  }

  /**
   * PINGREQ with a client id that is not the one of a session at its address (Z17): nobody is woken by it, unless a sleeping client may
   * wake up at another address, as behind a NAT that has forgotten it.
   */
  pingOfAnother(message: PingReq, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    const session = message.clientId === null ? undefined : this.#sessions.of(message.clientId);
    const there = this.#sessions.at(from);
    const isFree = there === undefined || this.#mayMove(there);
    if (session === undefined || !this.#mayMove(session) || !isFree) {
      this.#strangers.answer(message, from, forwarding, now);
      return;
    }
    note(this.#context, "client.moved", { clientId: session.clientId, address: from });
    this.#sessions.move(session, from, forwarding);
    this.#sessions.enter(session, "PINGREQ", 0, now);
    session.handleMessage(message, now);
    this.#sessions.leave(session);
  }
}
