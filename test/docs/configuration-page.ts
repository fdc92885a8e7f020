import { readFileSync } from "node:fs";
import { BROKER_PROFILES, type BrokerProfile } from "../../src/app/configuration/broker-profiles.ts";
import type { Option } from "../../src/app/configuration/option.ts";
import { flagsOf, OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../../src/app/configuration/options.ts";
import { anchorOf } from "./anchor-of.ts";

const HEAD = readFileSync(new URL("configuration-head.txt", import.meta.url), "utf8");

/** What the options of a section are about. */
const SECTIONS: Readonly<Record<string, string>> = {
  "": "Without a section",
  gateway: "The gateway itself",
  discovery: "How sensors find the gateway",
  broker: "The broker, and the connections to it",
  embedded: "The broker inside the gateway",
  clients: "Sensors: who may come, what each may have, and how long they are waited for",
  topics: "Topics",
  forwarders: "Sensors behind forwarders",
  state: "What survives a restart",
  http: "Status page, API, health and metrics",
  bridge: "What the gateway tells of itself at the broker",
  trace: "Every datagram in a file",
  log: "The log",
};

/** What stands below the option that chooses one. */
const PROFILES = `
| profile | sets |
|---|---|
${Object.entries<BrokerProfile>(BROKER_PROFILES)
  .map(([name, { options }]) => `| \`${name}\` | ${Object.entries(options).map(settingOf).join(", ") || "nothing"} |`)
  .join("\n")}
`;

function settingOf([key, value]: [string, string | number | boolean]): string {
  // A tab and a space would be lost.
  const shown = typeof value === "string" && /\s/.test(value) ? JSON.stringify(value) : value;
  return `[\`${key}\`](#${anchorOf(key)}) \`${shown}\``;
}

/** docs/configuration.md, from the options that the gateway goes by. */
export function configurationPage(): string {
  const sections = [...new Set(OPTION_KEYS.map(sectionOf))];
  const index = sections.map((section) => `| ${titleOf(section)} | ${keysOf(section).map(linkOf).join(", ")} |`);
  const parts = sections.map((section) => {
    return `## ${titleOf(section)}\n\n${SECTIONS[section]}.\n\n${keysOf(section).map(entryOf).join("\n")}`;
  });
  return `<!-- Generated from src/app/configuration/options.ts and test/docs/configuration-head.txt by \`npm run docs\`. Change these, not this. -->

${HEAD}## Every option

| section | options |
|---|---|
${index.join("\n")}

${parts.join("\n")}`;
}

function sectionOf(key: OptionKey): string {
  return key.includes(".") ? key.slice(0, key.indexOf(".")) : "";
}

function titleOf(section: string): string {
  return section === "" ? "General" : `\`${section}\``;
}

function keysOf(section: string): OptionKey[] {
  return OPTION_KEYS.filter((key) => sectionOf(key) === section);
}

function linkOf(key: OptionKey): string {
  return `[\`${key.slice(key.indexOf(".") + 1)}\`](#${anchorOf(key)})`;
}

function entryOf(key: OptionKey): string {
  const { default: usual, defaultShown, meaning, expected, fromText, needsRestart }: Option = OPTIONS[key];
  const shown =
    defaultShown ?? (usual === undefined ? "none" : `\`${Array.isArray(usual) ? usual.join(", ") : usual}\``);
  const spellings = fromText === undefined ? "only in a file" : `\`${flagsOf(key)}\`, \`${variableOf(key)}\``;
  const reload = needsRestart === true ? "a change needs a restart" : "a reload takes it over";
  return `### \`${key}\`

${sentence(prose(meaning, key))}

- default: ${defaultShown === undefined ? shown : prose(shown, key)}
- value: ${prose(expected, key)}
- ${spellings}
- ${reload}
${key === "broker.profile" ? PROFILES : ""}`;
}

/** Text without anything that means something to Markdown, and with links to the other options that it names. */
function prose(text: string, of: OptionKey): string {
  const escaped = text.replaceAll(/[<*]/g, (character) => `\\${character}`);
  // The longest first: broker.key begins broker.key_passphrase.
  const others = OPTION_KEYS.filter((key) => key !== of && key.includes(".")).sort(
    (one, other) => other.length - one.length,
  );
  const named = new RegExp(`(?<![\\w.])(${others.map((key) => key.replace(".", "\\.")).join("|")})(?!\\w|\\.\\w)`, "g");
  return escaped.replaceAll(named, (key) => `[\`${key}\`](#${anchorOf(key)})`);
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
