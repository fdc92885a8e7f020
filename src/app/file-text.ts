import { readFileSync } from "node:fs";

/** What a file holds, or why it cannot be read, for people. */
export type FileText = { text: string } | { problem: string };

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the gateway may not read it",
  EISDIR: "it is a directory",
};

/** Reads a file; octets that are no UTF-8 come out as something else, never as an error. */
export function fileText(name: string): FileText {
  try {
    return { text: readFileSync(name, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return { problem: `cannot read ${JSON.stringify(name)}: ${REMEDIES[code] ?? (code || String(error))}` };
  }
}
