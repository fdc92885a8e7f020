import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Why there can be no folder of this name, whoever makes it, for people; undefined where nothing is against it. Who may write there is not
 * asked: a configuration is often checked by somebody else than the user that the gateway runs as.
 */
export function statePathProblem(path: string): string | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const status = statSync(folder, { throwIfNoEntry: false });
      if (status?.isDirectory()) return undefined;
      if (status !== undefined) return `${folder} is a file, not a folder; name another one`;
    } catch (error) {
      // What stands above says whether it is a file; what may not be looked at is not known.
      if ((error as NodeJS.ErrnoException).code !== "ENOTDIR") return undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}
