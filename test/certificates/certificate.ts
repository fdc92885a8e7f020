import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The name of a file of this folder. */
export function certificateFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** What the file holds. */
export function certificate(name: string): string {
  return readFileSync(certificateFile(name), "utf8");
}
