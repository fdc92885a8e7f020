import { type Command, Option as Flag } from "commander";
import type { ConfigurationSources } from "../app/configuration/configuration.ts";
import type { Option } from "../app/configuration/option.ts";
import {
  CONFIG_VARIABLE,
  derivedFlagOf,
  flagOf,
  flagsOf,
  OPTION_KEYS,
  variableOf,
} from "../app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../app/configuration/options.ts";

/** Where the meaning of a flag begins, on the line below it. */
const MEANING_INDENT = 6;

/** Gives a command the flags of the gateway's options, and `--config`; what they say once they are parsed. */
export function addOptionFlags(command: Command): () => ConfigurationSources {
  const flags = new Map<OptionKey, string>();
  // There is too much to say of each flag for a second column.
  command.configureHelp({
    formatItem: (term, _termWidth, description, help) => {
      const lines = help.boxWrap(description, (help.helpWidth ?? 80) - MEANING_INDENT).split("\n");
      return [`  ${term}`, ...lines.map((line) => " ".repeat(MEANING_INDENT) + line)].join("\n");
    },
  });
  command.addHelpOption(new Flag("-h, --help", "show this help").helpGroup("General:"));
  command.addOption(
    new Flag(
      "-c, --config <file>",
      `the YAML file with options\nDefault: none. Environment: ${CONFIG_VARIABLE}`,
    ).helpGroup("General:"),
  );
  for (const key of OPTION_KEYS) addFlags(command, key, flags);
  return () => ({ flags, configFlag: command.opts<{ config?: string }>().config, environment: process.env });
}

/** The flag of an option, and the derived one where they differ. Texts are collected in `flags`; a repeated flag wins, or adds to a list. */
function addFlags(command: Command, key: OptionKey, flags: Map<OptionKey, string>): void {
  const option: Option = OPTIONS[key];
  if (option.fromText === undefined) return;
  const isList = Array.isArray(option.default);
  const take = (text: string) => {
    const before = flags.get(key);
    flags.set(key, isList && before !== undefined ? `${before} ${text}` : text);
    return text;
  };
  const shown = option.defaultShown ?? (option.default === undefined ? "none" : String(option.default));
  const reload = option.needsRestart === true ? ". A change needs a restart" : "";
  const meaning = `${option.meaning}\nDefault: ${shown}. Environment: ${variableOf(key)}${reload}`;
  command.addOption(new Flag(`${flagsOf(key)} ${option.placeholder}`, meaning).argParser(take).helpGroup(groupOf(key)));
  if (flagOf(key) !== derivedFlagOf(key)) {
    command.addOption(new Flag(`${derivedFlagOf(key)} ${option.placeholder}`).argParser(take).hideHelp());
  }
}

function groupOf(key: OptionKey): string {
  const section = key.includes(".") ? key.slice(0, key.indexOf(".")) : "general";
  return `${section[0]!.toUpperCase()}${section.slice(1)}:`;
}
