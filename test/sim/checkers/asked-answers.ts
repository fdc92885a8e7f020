import type { Message } from "../../../src/sn/message.ts";
import { answerKey, answersTo } from "./answers.ts";
import type { ClientState } from "./client-state.ts";
import type { Fail } from "./fail.ts";

/** What a client has asked for, and when, in periods that end when it falls asleep. */
export class AskedAnswers {
  readonly #fail: Fail;
  /** The period in which each answer was asked for. */
  readonly #asked = new Map<string, number>();
  #period = 0;
  #heardIn = -1;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Whether the client has said something since it fell asleep. */
  get isHeard(): boolean {
    return this.#heardIn === this.#period;
  }

  heard(): void {
    this.#heardIn = this.#period;
  }

  ask(message: Message): void {
    for (const answer of answersTo(message)) this.#asked.set(answer, this.#period);
  }

  /** The client waits for CONNACK, and for nothing of before. */
  begin(): void {
    this.#asked.clear();
  }

  awaitConnack(): void {
    this.#asked.set("CONNACK", this.#period);
  }

  fellAsleep(): void {
    this.#period += 1;
  }

  /** The gateway gives an answer. What is said of it. */
  answer(message: Message, state: ClientState): string {
    const key = answerKey(message);
    const askedIn = this.#asked.get(key);
    if (askedIn === undefined) this.#fail(`M2: ${key}, which answers nothing that the client asked`);
    if (state === "asleep" && askedIn !== this.#period) {
      this.#fail(`Z3: ${key} to a sleeping client, which asked for it before it slept`);
    }
    return key;
  }
}
