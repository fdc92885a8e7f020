import type { OptionKey } from "./options.ts";

/** Something that is wrong with what an option says of TLS. */
export interface TlsProblem {
  key: OptionKey;
  /** Goes on after the name of the option. */
  text: string;
}
