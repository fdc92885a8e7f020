import {
  type Document,
  type ErrorCode,
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
import type { Problem } from "./problem.ts";

/** What the file says of one option. */
export interface FileValue {
  value: unknown;
  /** The place of the part of the value that the path leads to, or of the nearest thing around it. */
  placeOf: (path: readonly PropertyKey[]) => Place;
}

/** A place in the file. */
export interface Place {
  /** `file:line:column` */
  name: string;
  /** In characters from the beginning. */
  offset: number;
}

/** A YAML file with the gateway's options, read but not yet validated. Its problems are those of form: syntax and unknown keys. */
export class ConfigurationFile {
  readonly values = new Map<OptionKey, FileValue>();
  readonly problems: Problem[] = [];
  /** Options that the file names, with a value that cannot be read; there is a problem for each. */
  readonly unreadable = new Set<OptionKey>();
  /** Whether it could be read at all: else `values` has nothing of what it says. */
  readonly isReadable: boolean;
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  /** `name` is the file as the user named it; it begins every problem. */
  constructor(name: string, text: string) {
    this.#name = name;
    // Pretty errors would quote the line, which may hold a password.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const { contents, errors, warnings } = this.#document;
    for (const { pos, code, message } of [...errors, ...warnings]) {
      this.#addProblem(this.#at(pos[0]), syntaxProblem(code, message));
    }
    this.isReadable = this.problems.length === 0 && (isMap(contents) || isNothing(contents));
    if (this.isReadable && isMap(contents)) this.#readSection(contents, "");
    else if (this.problems.length === 0 && !this.isReadable) {
      this.#addProblem(this.#at(0), 'is not a map of options; write for example "log: { level: debug }"');
    }
  }

  #addProblem({ name, offset }: Place, problem: string): void {
    this.problems.push({ text: `${name}: ${problem}`, offset });
  }

  #readSection(section: YAMLMap, prefix: string): void {
    for (const pair of section.items) {
      const keyNode = pair.key as Node;
      const key = `${prefix}${isScalar(keyNode) ? keyNode.value : keyNode}`;
      const place = this.#at(keyNode.range?.[0]);
      const node = this.#resolve(pair.value as Node | null);
      if (isOptionKey(key)) {
        this.#readOption(key, keyNode, node);
      } else if (!isSection(key)) {
        const meant = closest(key.slice(prefix.length), namesBelow(prefix));
        const hint = meant === undefined ? "" : `; did you mean ${prefix}${meant}?`;
        this.#addProblem(place, `${key}: there is no such option${hint}`);
      } else if (isMap(node)) {
        this.#readSection(node, `${key}.`);
      } else if (!isNothing(node)) {
        const example = OPTION_KEYS.find((option) => option.startsWith(`${key}.`))!;
        this.#addProblem(place, `${key}: is a section; write its options below it, indented, such as ${example}`);
      }
    }
  }

  #readOption(key: OptionKey, keyNode: Node, node: Node | null): void {
    let value: unknown;
    try {
      value = node?.toJS(this.#document) ?? null;
    } catch {
      // What a document without errors can still have; the error itself would quote the alias.
      const problem = `${key}: has an alias without its anchor; put texts that begin with * in quotes`;
      this.#addProblem(this.#at(keyNode.range?.[0]), problem);
      this.unreadable.add(key);
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

  #at(offset = 0): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { name: `${this.#name}:${line}:${col}`, offset };
  }
}

/** Errors that are not about a text with a character in it that means something to YAML, and what to do about them. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: "look at the indentation, and whether every bracket is closed",
  DUPLICATE_KEY: "leave one of the two out",
  MULTIPLE_DOCS: "leave out the line ---, or what comes after it",
  TAB_AS_INDENT: "indent with spaces",
};

/** What the YAML parser says without the piece of the file that some messages show, which may be part of a password; and what to do. */
function syntaxProblem(code: ErrorCode, message: string): string {
  // This message speaks to programmers.
  const problem = code === "MULTIPLE_DOCS" ? "the file has several documents" : message.replace(/(: |\\).*/s, "");
  return `${problem}; ${REMEDIES[code] ?? "put texts with special characters in quotes"}`;
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
