/** Writes what CHANGELOG.md says of a version to standard output: node build/scripts/release-notes-main.js <version> */
import { readFileSync } from "node:fs";
import { releaseNotes } from "./release-notes.ts";

try {
  process.stdout.write(releaseNotes(readFileSync("CHANGELOG.md", "utf8"), process.argv[2] ?? ""));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
