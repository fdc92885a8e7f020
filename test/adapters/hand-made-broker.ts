import type { Duplex } from "node:stream";

/** One end of a connection as a broker that does only what a test tells it. */
export class HandMadeBroker {
  readonly stream: Duplex;
  readonly chunks: Buffer[] = [];
  ended = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (octets) => this.chunks.push(octets));
    stream.on("end", () => {
      this.ended = true;
    });
    stream.on("error", () => {});
  }

  get octets(): string {
    return Buffer.concat(this.chunks).toString("hex");
  }

  count(hex: string): number {
    return this.octets.split(hex).length - 1;
  }
}
