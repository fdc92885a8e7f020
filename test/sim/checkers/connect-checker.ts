import type { Instant } from "../../../src/gateway/contract.ts";
import type { Connect, Message } from "../../../src/sn/message.ts";
import type { MessageName } from "../../../src/sn/msg-type.ts";
import type { SimOptions } from "../sim-options.ts";
import type { ClientState } from "./client-state.ts";

/** What a client says without asking for anything: it connects, or answers. */
const QUIET: ReadonlySet<MessageName> = new Set(["CONNECT", "WILLMSG", "REGACK", "PUBACK", "PUBREC", "PUBCOMP"]);

/** What the last CONNECT of a client means, and how far the gateway has come with asking for its will. */
export class ConnectChecker {
  readonly #wakeByConnect: SimOptions["wakeByConnect"];
  readonly #tRetryMs: number;
  #connect: Connect | undefined;
  #kind: SimOptions["wakeByConnect"] = "new";
  #prompt: MessageName | undefined;
  /** For how long a client that asked for its will has not answered; undefined when it is not asked. */
  promptedSince: Instant | undefined;
  /** When it was asked last; Infinity when it has answered. */
  #promptedAt: Instant = Number.POSITIVE_INFINITY;
  /** It woke up by a CONNECT, and has only answered since. */
  #justWoke = false;

  constructor({ wakeByConnect, tRetryMs }: SimOptions) {
    this.#wakeByConnect = wakeByConnect;
    this.#tRetryMs = tRetryMs;
  }

  /** It was that of a client that woke up: its session goes on (Z12). */
  get keepsSession(): boolean {
    return this.#kind !== "new";
  }

  /** The client is to be asked for its will. */
  get isPrompted(): boolean {
    return this.#connect?.will === true && this.#kind !== "resume";
  }

  /** Whether it is not asked for its will any more, and has not told it: the gateway has given its CONNECT up (R6). */
  isAbandoned(now: Instant): boolean {
    return now > this.#promptedAt + this.#tRetryMs + 1;
  }

  /** A message of the client; `hasMoved` where it comes from another place than the one before. */
  toGateway(message: Message, hasMoved: boolean, state: ClientState): void {
    if (hasMoved || !QUIET.has(message.type)) this.#justWoke = false;
    if (message.type === "CONNECT") this.#onConnect(message, state);
    else if (message.type === "WILLTOPIC" || message.type === "WILLMSG") this.#promptedAt = Number.POSITIVE_INFINITY;
  }

  /** The client is asked for one half of its will. */
  prompted(prompt: MessageName, now: Instant): void {
    if (this.#prompt !== prompt) this.promptedSince = now;
    this.#prompt = prompt;
    this.#promptedAt = now;
  }

  /** The CONNECT is answered. */
  answered(isAccepted: boolean): void {
    this.promptedSince = undefined;
    this.#prompt = undefined;
    if (isAccepted) this.#justWoke = this.keepsSession;
  }

  /** Whatever was asked means nothing any more. */
  begin(): void {
    this.promptedSince = undefined;
  }

  #onConnect(connect: Connect, state: ClientState): void {
    if (state === "asleep" || state === "awake") {
      this.#kind = this.#wakeByConnect;
    } else if (state !== "connecting") {
      // One that woke up without being asked for its will, and insists, has not begun anew by that.
      const insists = state === "active" && this.#justWoke && connect.will && isSame(this.#connect, connect);
      this.#kind = insists ? "prompt" : "new";
    }
    this.#connect = connect;
    // A CONNECT that is repeated is answered with the prompt again, which is not counted (C9).
    if (state !== "connecting") this.#prompt = undefined;
    if (this.#prompt === undefined) this.promptedSince = undefined;
    this.#promptedAt = Number.POSITIVE_INFINITY;
  }
}

function isSame(one: Connect | undefined, other: Connect): boolean {
  return one?.will === other.will && one.cleanSession === other.cleanSession && one.duration === other.duration;
}
