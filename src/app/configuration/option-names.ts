import type { Option } from "./option.ts";
import { OPTIONS, type OptionKey } from "./options.ts";

/** Every key, in the order in which help shows them. */
export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[];

/** Begins every environment variable of the gateway. */
export const VARIABLE_PREFIX = "MQTTSN_";

/** The environment variable that names the configuration file. */
export const CONFIG_VARIABLE = "MQTTSN_CONFIG";

export function isOptionKey(key: string): key is OptionKey {
  return Object.hasOwn(OPTIONS, key);
}

/** The flags of an option as help shows them: `-b, --broker`, or the one derived from the key. */
export function flagsOf(key: OptionKey): string {
  const { flags }: Option = OPTIONS[key];
  return flags ?? derivedFlagOf(key);
}

/** The long flag of an option: `--broker`. */
export function flagOf(key: OptionKey): string {
  return flagsOf(key).split(", ").at(-1)!;
}

/** `broker.keep_alive` as a flag: `--broker-keep-alive`. It works also where another flag is the one that help shows. */
export function derivedFlagOf(key: OptionKey): string {
  return `--${key.replaceAll(/[._]/g, "-")}`;
}

/** `broker.keep_alive` in the environment: `MQTTSN_BROKER_KEEP_ALIVE`. */
export function variableOf(key: OptionKey): string {
  return `${VARIABLE_PREFIX}${key.replaceAll(".", "_").toUpperCase()}`;
}
