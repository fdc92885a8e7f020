import type { Option } from "./option.ts";
import { OPTIONS, type OptionKey } from "./options.ts";

/** A value of an option as it may be shown, in whichever way it is said. */
export function maskedValue(key: OptionKey, value: unknown): unknown {
  const { masked }: Option = OPTIONS[key];
  return masked === undefined || value === undefined ? value : masked(value as never);
}
