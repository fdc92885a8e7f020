import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Document, Scalar, visit } from "yaml";
import type { ConfigurationInOrder } from "./configuration.ts";
import type { CredentialEntry } from "./credential-entries.ts";
import { maskedValue } from "./masked-value.ts";
import { NOTHING_KEPT } from "./nothing-kept.ts";
import { MASK, type Option } from "./option.ts";
import { OPTION_KEYS } from "./option-names.ts";
import { OPTIONS, type OptionKey } from "./options.ts";
import { fileNameIn, type Said } from "./said.ts";

/** Where what is said of a value begins, in characters, unless the value is longer. */
const ORIGIN_COLUMN = 44;

/** What is set, or every option there is. */
type PrintedOptions = "set" | "all";

/**
 * The configuration as YAML that `run` takes: each value as it was written, with where it comes from as a comment. Names of files are
 * absolute, so that it holds wherever it is put. `***` stands for what is secret, and is refused when it is read again.
 */
export function configPrint(configuration: ConfigurationInOrder, printed: PrintedOptions): string {
  const { said } = configuration;
  const keys = printed === "all" ? OPTION_KEYS : OPTION_KEYS.filter((key) => said.has(key));
  const lines: string[] = [];
  let section = "";
  for (const key of keys) {
    const [head, ...rest] = key.split(".") as [string, ...string[]];
    if (rest.length > 0 && head !== section) lines.push(`${head}:`);
    section = head;
    lines.push(...linesOf(rest.length === 0 ? head : `  ${rest.join(".")}`, key, said.get(key)));
  }
  if (lines.length === 0) return "# Nothing is set: every option has its default.\n";
  return `${lines.join("\n")}\n`;
}

/** `name` is the key in its section, indented. */
function linesOf(name: string, key: OptionKey, saying: Said | undefined): string[] {
  const { default: usual, defaultShown = "none" }: Option = OPTIONS[key];
  if (saying === undefined && usual === undefined) {
    const [, indent, word] = /^( *)(.*)/.exec(name)!;
    return [withOrigin(`${indent}# ${word}:`, `default: ${defaultShown}`)];
  }
  const written = writtenValue(key, saying);
  const value = maskedValue(key, written);
  const origin = saying === undefined ? "default" : originOf(saying);
  const isMasked = !isDeepStrictEqual(value, written);
  const comment = isMasked ? `${origin}, ${MASK} is not shown` : origin;
  const isListOfMaps = Array.isArray(value) && value.some((each) => typeof each === "object");
  if (!isListOfMaps) return [withOrigin(`${name}: ${yamlText(value)}`, comment)];
  const indent = " ".repeat(name.search(/\S/) + 2);
  return [withOrigin(`${name}:`, comment), ...value.map((each) => `${indent}- ${yamlText(each)}`)];
}

function originOf({ place, ofProfile }: Said): string {
  return ofProfile === undefined ? place([]) : `broker.profile (${place([])})`;
}

function withOrigin(line: string, origin: string): string {
  // A name of a file may have a line end in it.
  return `${line.padEnd(ORIGIN_COLUMN)} # ${origin.replaceAll(/[\r\n]/g, " ")}`;
}

/** The value as somebody wrote it, but for names of files and for durations without a unit. */
function writtenValue(key: OptionKey, saying: Said | undefined): unknown {
  const { default: usual, isPath, placeholder }: Option = OPTIONS[key];
  const value = saying === undefined ? usual : saying.value;
  if (isPath === true) return value === NOTHING_KEPT ? value : absolute(saying?.folder, String(value));
  if (placeholder === "<duration>") return withUnit(String(value).trim());
  if (key === "clients.credentials") return (value as CredentialEntry[]).map((each) => withFiles(each, saying?.folder));
  return value;
}

function absolute(folder: string | undefined, name: string): string {
  return resolve(fileNameIn(folder, name));
}

function withUnit(duration: string): string {
  return /\d$/.test(duration) ? `${duration}s` : duration;
}

function withFiles(entry: CredentialEntry, folder: string | undefined): CredentialEntry {
  const { password_file, sas_key_file } = entry;
  return {
    ...entry,
    ...(password_file !== undefined && { password_file: absolute(folder, password_file) }),
    ...(sas_key_file !== undefined && { sas_key_file: absolute(folder, sas_key_file) }),
  };
}

/** What is written as an escape, so that it neither begins a line nor does anything to a terminal. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\uFEFF]/u;

/** A value as YAML in one line, as it stands behind a key. */
function yamlText(value: unknown): string {
  const document = new Document({ key: value });
  visit(document, {
    Scalar: (_key, node) => {
      if (UNPRINTABLE.test(String(node.value))) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const oneLine = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY };
  const text = document.toString({ collectionStyle: "flow", ...oneLine });
  return /^\{ key: (.*) \}\n$/s.exec(text)![1]!;
}
