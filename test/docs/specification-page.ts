import { anchorOf } from "./anchor-of.ts";
import { INTERPRETATIONS } from "./interpretations.ts";
import { RULES, type Rule, ruleIdsIn } from "./rules.ts";
import { TEST_TITLES } from "./test-titles.ts";

/** docs/specification.md, from the rules and the titles of the tests. */
export function specificationPage(): string {
  const chapters = [...new Set(RULES.map(({ chapter }) => chapter))];
  return `<!-- Generated from test/docs/rules.txt and the titles of the tests by \`npm run docs\`. Change those, not this. -->

# MQTT-SN 1.2, rule by rule

What the gateway does, for each rule of the protocol, and the tests that show it. § is the section of the standard; where the standard is
silent the sentence is our reading, and [interpretation.md](interpretation.md) says why. Rules marked *client* speak to clients alone: the
device in \`src/device\` keeps them, and the gateway bears with clients that do not. ${RULES.length} rules.

${chapters.map(chapterText).join("\n\n")}
`;
}

function chapterText(chapter: string): string {
  const rules = RULES.filter((rule) => rule.chapter === chapter);
  return `## ${chapter}\n\n${rules.map(ruleText).join("\n")}`;
}

function ruleText(rule: Rule): string {
  const { id, section, reading, client, sentence, noTest } = rule;
  const source = [section === undefined ? "silent" : `§${section}`, linkTo(reading), client ? "*client*" : undefined];
  const tests = TEST_TITLES.filter(({ title }) => ruleIdsIn(title).includes(id));
  const lines = tests.map(({ file, title }) => `  - [${file}](../test/${file}) ${code(title)}`);
  if (noTest !== undefined) lines.push(`  - no test: ${noTest}`);
  return [`- **${id}** (${source.filter(Boolean).join(", ")}) ${sentence}`, ...lines].join("\n");
}

/** `A-14` as a link to its heading. */
function linkTo(reading: string | undefined): string | undefined {
  const entry = INTERPRETATIONS.find(({ id }) => id === reading);
  if (reading === undefined || entry === undefined) return reading;
  return `[${reading}](interpretation.md#${anchorOf(entry.heading)})`;
}

function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}
