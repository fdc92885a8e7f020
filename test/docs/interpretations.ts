import { type PageSection, sectionsOf } from "./page-sections.ts";

/** An entry of docs/interpretation.md. */
export interface Interpretation extends PageSection {
  /** `A-46`; undefined where the entry has a name alone. */
  id: string | undefined;
}

/** Every entry, in the order of the page. */
export const INTERPRETATIONS: readonly Interpretation[] = sectionsOf("interpretation.md").map((section) => ({
  ...section,
  id: /^A-\d\d/.exec(section.heading)?.[0],
}));
