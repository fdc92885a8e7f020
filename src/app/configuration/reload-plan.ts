import { isDeepStrictEqual } from "node:util";
import type { Option } from "./option.ts";
import { isOptionKey, OPTION_KEYS } from "./option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";

/** What becomes of options that have been read again. */
export interface ReloadPlan {
  /** What is to hold from now on: the new values, except of `needRestart`. */
  values: OptionValues;
  /** What is another value now and is taken over. */
  changed: OptionKey[];
  /** What is another value now and needs a restart. */
  needRestart: OptionKey[];
}

/** What is said of one broker, and is of no use at another one: with another `broker.url` it waits for the restart too. */
const OF_BROKER = /^(broker|clients\.credentials)/;

/** What is to be done with the options that have been read again; `current` are those that hold. */
export function reloadPlan(current: OptionValues, next: OptionValues): ReloadPlan {
  const differs = (key: OptionKey) => !isDeepStrictEqual(current[key], next[key]);
  const keys = OPTION_KEYS.filter(differs);
  const isOtherBroker = keys.includes("broker.url");
  const waits = (key: OptionKey) => {
    const { needsRestart }: Option = OPTIONS[key];
    return needsRestart === true || (isOtherBroker && OF_BROKER.test(key));
  };
  const needRestart = keys.filter(waits);
  const kept = Object.fromEntries(needRestart.map((key) => [key, current[key]]));
  const changed = keys.filter((key) => !needRestart.includes(key));
  const named = (list: OptionKey[]) => [...new Set(list.map((key) => placeOf(key, keys, next)))];
  return { values: { ...next, ...kept }, changed: named(changed), needRestart: named(needRestart) };
}

/** Where the user looks for what has changed: where only the content of a file is another one, at the option that names it. */
function placeOf(key: OptionKey, changed: readonly OptionKey[], values: OptionValues): OptionKey {
  const file = `${key}_file`;
  return isOptionKey(file) && values[file] !== undefined && !changed.includes(file) ? file : key;
}
