import { createWriteStream, type WriteStream } from "node:fs";

/** What happens in a run, second by second, and what is wrong about it. */
export class RunLog {
  readonly violations: string[] = [];
  readonly #startedAt = performance.now();
  readonly #file: WriteStream | undefined;

  /** `file` is where everything is written down; undefined for nowhere. */
  constructor(file: string | undefined) {
    if (file !== undefined) this.#file = createWriteStream(file);
  }

  says(text: string): void {
    this.#file?.write(`${this.#seconds} ${text}\n`);
  }

  wrong(sentence: string): void {
    this.violations.push(`${this.#seconds} s: ${sentence}`);
    this.says(`WRONG ${sentence}`);
  }

  close(): void {
    this.#file?.end();
  }

  get #seconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(3);
  }
}
