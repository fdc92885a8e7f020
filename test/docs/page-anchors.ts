import { anchorOf } from "./anchor-of.ts";
import { PAGES } from "./pages.ts";

/** Those that have been looked at. */
const anchorsOfPages = new Map<string, Set<string>>();

/** What a `#` can lead to on a page: headings, the same again with a number behind it, and what is marked with an id. */
export function anchorsOf(path: string): Set<string> {
  const known = anchorsOfPages.get(path);
  if (known !== undefined) return known;
  const page = PAGES.find((each) => each.path === path);
  const anchors = new Set<string>();
  for (const [, heading] of page?.prose.matchAll(/^#+ (.+)$/gm) ?? []) {
    // Of a link in a heading its text alone.
    const anchor = anchorOf(heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
    let name = anchor;
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`;
    anchors.add(name);
  }
  for (const [, id] of page?.prose.matchAll(/<a (?:id|name)="([^"]+)"/g) ?? []) anchors.add(id!);
  anchorsOfPages.set(path, anchors);
  return anchors;
}
