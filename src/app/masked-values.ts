import type { Option } from "./option.ts";
import { OPTION_KEYS } from "./option-names.ts";
import { OPTIONS, type OptionValues } from "./options.ts";

/** All values as they may be shown: nothing in them is a secret. */
export function maskedValues(values: OptionValues): Record<string, unknown> {
  return Object.fromEntries(
    OPTION_KEYS.map((key) => {
      const { masked }: Option = OPTIONS[key];
      const value = values[key];
      return [key, masked === undefined || value === undefined ? value : masked(value as never)];
    }),
  );
}
