import { readFileSync } from "node:fs";

/** A rule of the protocol, as rules.txt has it. */
export interface Rule {
  id: string;
  chapter: string;
  /** Of MQTT-SN 1.2; undefined where the standard is silent. */
  section: string | undefined;
  /** The ambiguity that docs/interpretation.md decides, as `A-14`. */
  reading: string | undefined;
  /** It speaks to clients alone. */
  client: boolean;
  sentence: string;
  /** Why no test can show it. */
  noTest: string | undefined;
}

const LINE =
  /^(?<id>[A-Z]\d+a?) {1,2}(?<section>silent|\d[\d.]*)(?: (?<reading>A-\d\d))?(?<client> client)? \| (?<sentence>.+)$/;
const NO_TEST = "  no test: ";

/** Every rule, in the order of rules.txt. */
export const RULES: readonly Rule[] = rulesIn(readFileSync(new URL("rules.txt", import.meta.url), "utf8"));

/** The letters that a rule's id begins with, as a class of a regular expression. */
const LETTERS = [...new Set(RULES.map(({ id }) => id[0]))].join("");

/** The ids that a title names, those of rules that there are not included: `Z7`, `G2a`, both ends of `Z4 to Z7`. */
export function ruleIdsIn(title: string): string[] {
  return title.match(new RegExp(`\\b[${LETTERS}]\\d{1,2}a?\\b`, "g")) ?? [];
}

function rulesIn(text: string): Rule[] {
  const rules: Rule[] = [];
  let chapter = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) chapter = line.slice(3);
    if (line.startsWith("#") || line === "") continue;
    if (line.startsWith(NO_TEST)) {
      rules.at(-1)!.noTest = line.slice(NO_TEST.length);
      continue;
    }
    const found = LINE.exec(line)?.groups;
    if (found === undefined) throw new Error(`rules.txt: not understood: ${line}`);
    const { id, section, reading, sentence } = found as Record<string, string>;
    rules.push({
      id: id!,
      chapter,
      section: section === "silent" ? undefined : section,
      reading,
      client: found.client !== undefined,
      sentence: sentence!,
      noTest: undefined,
    });
  }
  return rules;
}
