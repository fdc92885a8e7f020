import { PAGES } from "./pages.ts";

/** A name that a page puts between backticks. */
export interface PageName {
  /** Below the repository, with slashes. */
  page: string;
  name: string;
}

/**
 * What stands between backticks in the prose of pages and looks like this, once for each page. What is another program's stands in the first
 * column of the tables of the pages that say how to come from there, and is left out.
 */
export function namesLike(pattern: RegExp): PageName[] {
  return PAGES.flatMap(({ path: page, prose }) => {
    const text = /migrating-from/.test(page) ? prose.replaceAll(/^\|[^|]*\|/gm, "|") : prose;
    const names = [...text.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name!).filter((name) => pattern.test(name));
    return [...new Set(names)].map((name) => ({ page, name }));
  });
}
