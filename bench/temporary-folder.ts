import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when this process has ended, by a signal too (`child.ts` makes that an exit), or earlier with `remove`. */
export class TemporaryFolder {
  readonly path: string;
  readonly #onExit = (): void => this.#delete();

  constructor(prefix: string) {
    this.path = mkdtempSync(join(tmpdir(), prefix));
    process.on("exit", this.#onExit);
  }

  remove(): void {
    process.off("exit", this.#onExit);
    this.#delete();
  }

  #delete(): void {
    // Who writes there may have been killed just now, and not be gone.
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
}
