import type { Option } from "./option.ts";
import { OPTION_KEYS } from "./option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";

/** All values as they may be shown: nothing in them is a secret. */
export function maskedValues(values: OptionValues): Record<string, unknown> {
  return Object.fromEntries(OPTION_KEYS.map((key) => [key, maskedValue(key, values[key])]));
}

/** A value of an option as it may be shown, in whichever way it is said. */
export function maskedValue(key: OptionKey, value: unknown): unknown {
  const { masked }: Option = OPTIONS[key];
  return masked === undefined || value === undefined ? value : masked(value as never);
}
