import { encode } from "../sn/encode.ts";
import type { Connect, Message, WillMsg, WillTopic } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";
import { SetUp, type SetUpKind, sameConnect } from "./set-up.ts";
import type { Reaction } from "./transitions.ts";
import { isSameWill } from "./will.ts";

/**
 * How a client becomes active (§6.2): its CONNECT, the prompts for its will, the broker connection, CONNACK; and what a CONNECT means
 * that comes once more (C9 to C16).
 */
export class Connecting {
  readonly #client: ClientRecord;
  #setUp: SetUp | undefined;
  /** When the set-up began. */
  #wasConnected = false;
  /** The CONNECT that was accepted. */
  #accepted: Connect | undefined;
  /** Nothing but repetitions of it came since CONNACK (C12). */
  #quiet = false;
  /** The client woke up with it, and has asked for nothing since. */
  #justWoke = false;

  constructor(client: ClientRecord) {
    this.#client = client;
  }

  /** The client wakes up with its CONNECT, and its session goes on as it was (Z12). */
  get wakes(): boolean {
    return this.#setUp?.keepsSession === true;
  }

  /**
   * The client was connected when it said CONNECT, and keeps its session. Were it taken for disconnected after a restart, it would not
   * know, for it may have heard CONNACK by then; and if it has not, it says CONNECT again. One that is asked for its will would not.
   */
  get renews(): boolean {
    const connect = this.#setUp?.connect;
    return this.#wasConnected && connect?.cleanSession === false && !connect.will;
  }

  /** When the present step is repeated or given up. */
  get due(): Instant {
    return this.#setUp!.due;
  }

  /** Something else than a CONNECT or WILLMSG came from the client; an answer to what it was sent, or not. */
  somethingElseCame(isAnswer: boolean): void {
    this.#quiet = false;
    if (!isAnswer) this.#justWoke = false;
  }

  /** A message of the client that has to do with its CONNECT; false where it is none of these. */
  take(message: Message, reaction: Reaction, now: Instant): boolean {
    switch (reaction) {
      case "setUp":
        this.begin(message as Connect, "new", now);
        return true;
      case "repeatSetUp":
        this.#repeat(message as Connect, now);
        return true;
      case "connectAgain":
        this.#again(message as Connect, now);
        return true;
      case "willTopic":
        this.#nextUnless(this.#setUp!.takeWillTopic(message as WillTopic), now);
        return true;
      case "repeatWillMsgReq":
        this.#client.send(this.#setUp!.prompt(now));
        return true;
      case "willMsg":
        this.#nextUnless(this.#setUp!.takeWillMsg((message as WillMsg).willMsg), now);
        return true;
      case "repeatConnack":
        // Its CONNACK may have been lost.
        if (this.#quiet) this.#client.send(FIXED.connackAccepted);
        return true;
      case "abort":
        this.#client.send(FIXED.disconnect);
        this.abandon("DISCONNECT");
        return true;
      default:
        return false;
    }
  }

  /** The set-up, from its beginning. */
  begin(connect: Connect, kind: SetUpKind, now: Instant): void {
    const client = this.#client;
    const keepsSession = kind !== "new";
    // Of the four cases of §6.3 only CleanSession=0, Will=0 keeps the will that was. A clean session has ended with its connection.
    const keepsWill = keepsSession || (!connect.cleanSession && !connect.will && client.durable);
    if (this.#setUp === undefined) {
      this.#wasConnected = client.state === "active" || client.state === "asleep" || client.state === "awake";
    }
    this.#setUp = new SetUp(connect, kind, keepsWill ? client.will : undefined, client.settings);
    this.#quiet = false;
    client.changed();
    client.renewal.cancel();
    if (!keepsSession) {
      client.requests.reset();
      client.dropHeldAnswers();
    }
    client.deliveries.park();
    this.#next(now);
  }

  /** CONNECT while the will is asked for. */
  #repeat(connect: Connect, now: Instant): void {
    const setUp = this.#setUp!;
    if (sameConnect(setUp.connect, connect)) this.#client.send(setUp.prompt(now));
    else this.begin(connect, setUp.kind, now);
  }

  /** CONNECT of an active client. */
  #again(connect: Connect, now: Instant): void {
    if (this.repeats(connect)) {
      this.#client.send(FIXED.connackAccepted);
      return;
    }
    // One that woke up with Will=1 and insists on being asked for it has not begun anew by that.
    const insists = this.#justWoke && connect.will && sameConnect(this.#accepted!, connect);
    this.begin(connect, insists ? "prompt" : "new", now);
  }

  /** Whether a CONNECT of an active client is the one that was accepted, whose CONNACK was lost (C12). */
  repeats(connect: Connect): boolean {
    // With Will=1 the client waits for WILLTOPICREQ and would not know what a CONNACK means.
    return this.#quiet && !connect.will && sameConnect(this.#accepted!, connect);
  }

  /** CONNECT of a sleeping client: it becomes active with its session as it was, whatever the flags say (Z12). */
  resume(connect: Connect, now: Instant): void {
    this.#justWoke = true;
    // A PINGREQ that waits for the connection was that of a sleeping client: its PINGRESP would put it to sleep again.
    this.#client.renewal.dropHeld("PINGREQ");
    this.#activate(connect, now);
    this.#client.note("client.resumed", { waiting: this.#client.deliveries.waiting.length });
  }

  #nextUnless(obstacle: string | undefined, now: Instant): void {
    if (obstacle === undefined) this.#next(now);
    else this.#refuse(RETURN_CODE.notSupported, obstacle);
  }

  /** The client or the gateway ends the set-up. */
  abandon(reason: string): void {
    this.#setUp = undefined;
    this.#client.parts("abandoned", reason);
    this.#client.end("disconnected", true);
    this.#client.note("setup.abandoned", { address: this.#client.address, reason });
  }

  /** `due` has come. */
  onDeadline(now: Instant): void {
    const client = this.#client;
    if (now < this.due) return;
    if (client.state === "awaiting broker") {
      this.#refuse(RETURN_CODE.congestion, "no answer from the broker");
      return;
    }
    const prompt = this.#setUp!.repeatPrompt(now);
    if (prompt !== undefined) client.send(prompt);
    // R6: nothing is sent. Where a connection was in use before this CONNECT, its client is lost.
    else if (client.link.exists) client.lose("no answer during CONNECT");
    else this.abandon("no answer");
  }

  /** The connection is there. `isDoubtful`: as `BrokerLink` had it before. */
  linkOpened(sessionPresent: boolean, isDoubtful: boolean, now: Instant): void {
    const client = this.#client;
    const { connect, keepsSession } = this.#setUp!;
    if (keepsSession) {
      client.deliveries.renewed(sessionPresent && client.durable);
    } else {
      if (connect.cleanSession) client.forgetSession();
      client.durable = !connect.cleanSession;
      client.topics.startConnection();
      // The client has begun anew: it does not wait for an end of what was before.
      if (!sessionPresent) client.requests.forgetEarlier();
    }
    client.changed();
    client.requests.renewed(sessionPresent && client.durable, isDoubtful);
    this.subscriptionsRestored(now);
  }

  /** The broker has confirmed what was restored, or there was nothing. */
  subscriptionsRestored(now: Instant): void {
    if (this.#client.link.isOpen && !this.#client.requests.restoring) this.#finish(now);
  }

  /** The connection that was being made has failed. */
  linkFailed(reason: string, returnCode: number = RETURN_CODE.congestion): void {
    this.#refuse(returnCode, reason);
  }

  /** The connection that had to go first is gone. */
  oldLinkGone(now: Instant): void {
    if (!this.#client.link.exists) this.#openLink(now);
  }

  /**
   * The next step: the will is asked for, or, when the client has said all, the broker. A connection of before ends now, without its
   * will, for its client is alive.
   */
  #next(now: Instant): void {
    const client = this.#client;
    const setUp = this.#setUp!;
    client.state = setUp.state;
    if (setUp.state !== "awaiting broker") {
      client.send(setUp.prompt(now));
      return;
    }
    if (setUp.keepsSession && client.link.isOpen && isSameWill(setUp.will, client.will)) {
      this.#finish(now);
      return;
    }
    setUp.superviseBroker(now);
    client.link.close(true);
    if (!client.link.isClosing) this.#openLink(now);
  }

  #openLink(now: Instant): void {
    const client = this.#client;
    const setUp = this.#setUp!;
    const { clientId } = client;
    const { will } = setUp;
    setUp.superviseBroker(now);
    if (setUp.keepsSession) {
      client.requests.suspend();
      client.deliveries.suspend();
      client.link.open({ clientId, cleanSession: !client.durable, will });
      return;
    }
    client.requests.reset();
    // A session with CleanSession=1 ends with its connection, as it does at the broker.
    if (!client.durable) client.forgetSession();
    client.deliveries.reset();
    client.link.open({ clientId, cleanSession: setUp.connect.cleanSession, will });
  }

  #finish(now: Instant): void {
    const client = this.#client;
    const { connect, will, keepsSession } = this.#setUp!;
    const { lost } = client.requests;
    if (keepsSession && lost !== undefined) {
      this.#refuse(RETURN_CODE.congestion, lost);
      return;
    }
    this.#setUp = undefined;
    // W3: only now, when the client is told so, it is the one in force.
    client.will = will;
    if (keepsSession) {
      this.resume(connect, now);
      client.sendHeldAnswers();
      client.deliveries.unpark(now);
      client.deliveries.resume(now);
      return;
    }
    this.#justWoke = false;
    this.#activate(connect, now);
    const { cleanSession, duration } = connect;
    const note = { address: client.address, cleanSession, duration, will: will !== undefined };
    client.figures.connects += 1;
    client.note("client.connected", note);
  }

  #activate(connect: Connect, now: Instant): void {
    const client = this.#client;
    const { keepAliveFactor, idleLimitMs } = client.settings;
    this.#accepted = connect;
    this.#quiet = true;
    client.state = "active";
    client.keepAlive = connect.duration;
    client.changed();
    client.silence.supervise(connect.duration, keepAliveFactor, idleLimitMs, now);
    client.deliveries.budget = Number.POSITIVE_INFINITY;
    client.send(FIXED.connackAccepted);
  }

  #refuse(returnCode: number, reason: string): void {
    const client = this.#client;
    this.#setUp = undefined;
    client.send(encode({ type: "CONNACK", returnCode }));
    client.note("client.refused", { address: client.address, returnCode, reason });
    client.parts("refused", reason);
    client.end("disconnected", true);
  }

  /** What a client is told in the middle of its set-up when the gateway stops. */
  stop(): void {
    this.#refuse(RETURN_CODE.congestion, "the gateway stops");
  }
}
