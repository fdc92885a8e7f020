import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The files below src, test and bench whose text matches, with what matched. */
export function matchesInSource(pattern: RegExp): { file: string; match: string }[] {
  return ["src", "test", "bench"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .flatMap(({ parentPath, name }) => {
        const file = join(parentPath, name);
        const matches = readFileSync(file, "utf8").match(pattern) ?? [];
        return matches.map((match) => ({ file: file.slice(ROOT.length), match }));
      }),
  );
}
