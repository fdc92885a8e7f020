import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { closest } from "./closest.ts";
import { isOptionKey, OPTION_KEYS } from "./option-names.ts";
import type { OptionKey } from "./options.ts";

/** What the file says of one option. */
export interface FileValue {
  value: unknown;
  /** `file:line:column` of the part of the value that the path leads to, or of the nearest thing around it. */
  placeOf: (path: readonly PropertyKey[]) => string;
}

/** A YAML file with the gateway's options, read but not yet validated. Its problems are those of form: syntax and unknown keys. */
export class ConfigurationFile {
  readonly values = new Map<OptionKey, FileValue>();
  readonly problems: string[] = [];
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  /** `name` is the file as the user named it; it begins every problem. */
  constructor(name: string, text: string) {
    this.#name = name;
    // Pretty errors would quote the line, which may hold a password.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const { contents, errors, warnings } = this.#document;
    for (const { pos, message } of [...errors, ...warnings]) {
      this.problems.push(`${this.#at(pos[0])}: ${withoutQuotation(message)}`);
    }
    if (this.problems.length > 0 || isNothing(contents)) return;
    if (isMap(contents)) this.#readSection(contents, "");
    else this.problems.push(`${this.#at(0)}: is not a map of options; write for example "log: { level: debug }"`);
  }

  #readSection(section: YAMLMap, prefix: string): void {
    for (const pair of section.items) {
      const keyNode = pair.key as Node;
      const key = `${prefix}${isScalar(keyNode) ? keyNode.value : keyNode}`;
      const where = `${this.#at(keyNode.range?.[0])}: ${key}`;
      const node = this.#resolve(pair.value as Node | null);
      if (isOptionKey(key)) {
        this.#readOption(key, keyNode, node, where);
      } else if (!isSection(key)) {
        const meant = closest(key.slice(prefix.length), namesBelow(prefix));
        const hint = meant === undefined ? "" : `; did you mean ${prefix}${meant}?`;
        this.problems.push(`${where}: there is no such option${hint}`);
      } else if (isMap(node)) {
        this.#readSection(node, `${key}.`);
      } else if (!isNothing(node)) {
        const example = OPTION_KEYS.find((option) => option.startsWith(`${key}.`))!;
        this.problems.push(`${where}: is a section; write its options below it, indented, such as ${example}`);
      }
    }
  }

  #readOption(key: OptionKey, keyNode: Node, node: Node | null, where: string): void {
    let value: unknown;
    try {
      value = node?.toJS(this.#document) ?? null;
    } catch {
      // What a document without errors can still have; the error itself would quote the alias.
      this.problems.push(`${where}: has an alias without its anchor; put texts that begin with * in quotes`);
      return;
    }
    const placeOf = (path: readonly PropertyKey[]) => {
      let part: unknown = node;
      let offset = (isNothing(node) ? keyNode : node).range?.[0];
      for (const step of path) {
        part = isMap(part) || isSeq(part) ? part.get(step as string | number, true) : undefined;
        offset = (part as Node | undefined)?.range?.[0] ?? offset;
      }
      return this.#at(offset);
    };
    this.values.set(key, { value, placeOf });
  }

  /** What an alias stands for; an alias that stands for nothing is left as it is. */
  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? node) : node;
  }

  #at(offset = 0): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${line}:${col}`;
  }
}

/** A message of the YAML parser without the piece of the file that some of them show: it may be part of a password. */
function withoutQuotation(message: string): string {
  return `${message.replace(/(: |\\).*/s, "")}; put texts with special characters in quotes`;
}

/** What may stand below a section: options and sections. */
function namesBelow(prefix: string): string[] {
  const below = OPTION_KEYS.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return [...below, ...below.map((name) => name.split(".")[0]!)];
}

function isSection(key: string): boolean {
  return OPTION_KEYS.some((option) => option.startsWith(`${key}.`));
}

function isNothing(node: unknown): node is null {
  return node === null || (isScalar(node) && node.value === null);
}
