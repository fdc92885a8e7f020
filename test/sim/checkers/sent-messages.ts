/** Messages that a client was sent, by MsgId, until it says something about them. */
export class SentMessages {
  readonly #payloads = new Map<number, string>();

  /** The client is sent a message. Whether it has been sent it before, and has said nothing. */
  send(msgId: number, payload: string): boolean {
    const isAgain = this.#payloads.get(msgId) === payload;
    this.#payloads.set(msgId, payload);
    return isAgain;
  }

  /** The client has answered, or refused: what it refuses may be sent to it as a new one (A-38, G4). */
  answered(msgId: number): void {
    this.#payloads.delete(msgId);
  }

  /** Nothing is known of any other than this one any more. */
  forgetAllBut(msgId: number | undefined): void {
    for (const sent of this.#payloads.keys()) if (sent !== msgId) this.#payloads.delete(sent);
  }
}
