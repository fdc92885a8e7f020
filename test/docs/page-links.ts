import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorOf } from "./anchor-of.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `](interpretation.md#a-14-the-life-of-a-topic-id)`; not what leads out of the repository. */
const LINK = /\]\((?![a-z]+:)(?<file>[^)#\s]*)(?:#(?<anchor>[^)\s]+))?\)/g;

/** A link of a page to something in the repository. */
export interface PageLink {
  /** Below the repository, with slashes. */
  page: string;
  target: string;
  /** There is such a file, and where the link names a heading, such a heading. */
  leadsSomewhere: boolean;
}

/** Every such link of every page for people. */
export const PAGE_LINKS: readonly PageLink[] = ["", "docs", "docs/decisions", "bench"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => linksOf(join(ROOT, folder, file))),
);

function linksOf(path: string): PageLink[] {
  const page = relative(ROOT, path).replaceAll("\\", "/");
  return [...readFileSync(path, "utf8").matchAll(LINK)].map(([, file, anchor]) => {
    const target = file === "" ? path : join(dirname(path), file!);
    const leadsSomewhere = existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor));
    return { page, target: anchor === undefined ? file! : `${file}#${anchor}`, leadsSomewhere };
  });
}

function anchorsOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
}
