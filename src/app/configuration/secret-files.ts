import { statSync } from "node:fs";
import { fileText } from "./file-text.ts";

/** Where containers find their secrets, which everybody in there may read. */
const CONTAINER_SECRETS = /^(\/var)?\/run\/secrets\//;

/** Everybody may read it. */
const READABLE_BY_ALL = 0o004;

/** Files with secrets in them: read, and looked at for who else may read them. */
export class SecretFiles {
  readonly #names = new Set<string>();
  readonly #mustBeRegular: boolean;

  /** `mustBeRegular`: see `fileText`. */
  constructor(mustBeRegular: boolean) {
    this.#mustBeRegular = mustBeRegular;
  }

  /** The secret that a file holds, without its last line end; or what is wrong, for the user. */
  read(name: string): { secret: string } | { problem: string } {
    const file = fileText(name, "secret", this.#mustBeRegular);
    if ("problem" in file) return file;
    const secret = file.text.replace(/\r?\n$/, "");
    if (secret === "") return { problem: `${JSON.stringify(name)} is empty` };
    this.add(name);
    return { secret };
  }

  /** A file that holds a secret besides other things. */
  add(name: string): void {
    this.#names.add(name);
  }

  /** A sentence for each file that everybody on this machine may read. */
  warnings(): string[] {
    return [...this.#names].filter(isReadableByAll).map((name) => {
      const shown = JSON.stringify(name);
      return `everybody on this machine may read ${shown}, which holds a password or a key; let it belong to the gateway's user, and take that away (chmod o-r)`;
    });
  }
}

function isReadableByAll(name: string): boolean {
  // Windows has no such bits.
  if (process.platform === "win32" || CONTAINER_SECRETS.test(name)) return false;
  const status = statSync(name, { throwIfNoEntry: false });
  return status?.isFile() === true && (status.mode & READABLE_BY_ALL) !== 0;
}
