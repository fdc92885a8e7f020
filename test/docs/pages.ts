import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What is not ours, or made by a build. */
const PASSED_OVER = ["node_modules", "dist", "build", "release", "data", "coverage"];

const FENCE = /^(?<indent> *)```(?<language>\w*)[^\n]*\n(?<text>.*?)^ *```$/gms;

/** Text that stands as it is: commands, a configuration, output. */
export interface Block {
  /** What stands behind the marks that begin it: `sh`, `yaml`; empty where nothing does. */
  language: string;
  text: string;
}

/** A page for people. */
export interface Page {
  /** Below the repository, with slashes. */
  path: string;
  text: string;
  /** The text without its blocks. */
  prose: string;
  blocks: readonly Block[];
}

/** Every page of the repository, in the order of their names. */
export const PAGES: readonly Page[] = pagesBelow("");

function pagesBelow(folder: string): Page[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && !PASSED_OVER.includes(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return pagesBelow(path);
      return entry.isFile() && path.endsWith(".md") ? [pageAt(path)] : [];
    });
}

function pageAt(path: string): Page {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks = [...text.matchAll(FENCE)].map(({ groups }) => {
    const { indent, language, text: lines } = groups as { indent: string; language: string; text: string };
    return { language, text: lines.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
  });
  return { path, text, prose: text.replaceAll(FENCE, ""), blocks };
}
