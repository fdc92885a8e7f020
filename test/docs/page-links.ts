import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorsOf } from "./page-anchors.ts";
import { PAGES, type Page } from "./pages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `[A-14](interpretation.md#a-14-the-life-of-a-topic-id)`; not what leads out of the repository. */
const LINK = /\[(?<label>[^\]]*)\]\((?![a-z]+:)(?<file>[^)#\s]*)(?:#(?<anchor>[^)\s]+))?\)/g;

/** `Session.handleMessage`, and nothing else, as the text of a link. */
const SYMBOL = /^`(?<symbol>[\w$]+(?:\.[\w$]+)*)`$/;

/** A link of a page to something in the repository. */
export interface PageLink {
  /** Below the repository, with slashes. */
  page: string;
  target: string;
  /** There is such a file, and where the link names a heading, such a heading. */
  leadsSomewhere: boolean;
  /** The names in its text that the source file that it leads to does not have. */
  unknownNames: string[];
}

/** Every such link of every page for people. */
export const PAGE_LINKS: readonly PageLink[] = PAGES.flatMap(linksOf);

function linksOf({ path: page, prose }: Page): PageLink[] {
  // An image that is a link has brackets within its text.
  const images = prose.matchAll(/(?:!\[[^\]]*\]\(|<(?:img|source)[^>]* src(?:set)?=")(?![a-z]+:)(?<file>[^)"\s]+)/g);
  const links = prose.replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "").matchAll(LINK);
  return [...images, ...links].map(({ groups }) => {
    const { label = "", file, anchor } = groups as { label?: string; file: string; anchor?: string };
    const path = file === "" ? page : join(dirname(page), file);
    const leadsSomewhere = existsSync(join(ROOT, path)) && (anchor === undefined || anchorsOf(path).has(anchor));
    return {
      page,
      target: anchor === undefined ? file : `${file}#${anchor}`,
      leadsSomewhere,
      unknownNames: leadsSomewhere && path.endsWith(".ts") ? unknownNames(label, path) : [],
    };
  });
}

function unknownNames(label: string, path: string): string[] {
  const symbol = SYMBOL.exec(label)?.groups?.symbol;
  if (symbol === undefined) return [];
  const source = readFileSync(join(ROOT, path), "utf8");
  return symbol.split(".").filter((name) => !new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(source));
}
