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
} from "yaml";
import type { Problem } from "./problem.ts";

/** A place in a file. */
export interface Place {
  /** `file:line:column` */
  name: string;
  /** In characters from the beginning. */
  offset: number;
}

/** A YAML file in which every value knows its place. Its problems are those of syntax, and show nothing of what the file says. */
export class YamlFile {
  readonly problems: Problem[];
  /** What the file holds, null where that is nothing. */
  readonly root: Node | null;
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  /** `name` is the file as the user named it; it begins every problem. */
  constructor(name: string, text: string) {
    this.#name = name;
    // Pretty errors would quote the line, which may hold a password.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const { contents, errors, warnings } = this.#document;
    this.problems = [...errors, ...warnings].map(({ pos, code, message }) =>
      this.problem(this.at(pos[0]), text.startsWith(EMBEDDED, pos[0]) ? EMBEDDED_REMEDY : syntaxProblem(code, message)),
    );
    this.root = isNothing(contents) ? null : contents;
  }

  problem({ name, offset }: Place, text: string): Problem {
    return { text: `${name}: ${text}`, offset };
  }

  /** The place of a node, or of so many characters from the beginning. */
  at(where: Node | number | null | undefined): Place {
    const offset = typeof where === "number" ? where : (where?.range?.[0] ?? 0);
    const { line, col } = this.#lines.linePos(offset);
    return { name: `${this.#name}:${line}:${col}`, offset };
  }

  /** The place of the part of `node` that the path leads to, or of the nearest thing around it. */
  placeOf(node: Node, path: readonly PropertyKey[]): Place {
    let part: unknown = node;
    let nearest = node;
    for (const step of path) {
      part = isMap(part) || isSeq(part) ? part.get(step as string | number, true) : undefined;
      nearest = (part as Node | undefined) ?? nearest;
    }
    return this.at(nearest);
  }

  /** What an alias stands for; an alias that stands for nothing is left as it is. */
  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? node) : node;
  }

  /** The value of a node, or a problem for the user that goes on after the place. */
  valueOf(node: Node | null): { value: unknown } | { problem: string } {
    try {
      return { value: node?.toJS(this.#document) ?? null };
    } catch {
      // What a document without errors can still have; the error itself would quote the alias.
      return { problem: "has an alias without its anchor; put texts that begin with * in quotes" };
    }
  }
}

/** Whether there is nothing where a value could stand. */
export function isNothing(node: unknown): node is null {
  return node === null || (isScalar(node) && node.value === null);
}

/** Errors that are not about a text with a character in it that means something to YAML, and what to do about them. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: "look at the indentation, and whether every bracket is closed",
  DUPLICATE_KEY: "leave one of the two out",
  MULTIPLE_DOCS: "leave out the line ---, or what comes after it",
  TAB_AS_INDENT: "indent with spaces",
};

/** The one value of ours that means something to YAML. */
const EMBEDDED = "embedded:";
const EMBEDDED_REMEDY = `${EMBEDDED} ends with a colon, so it stands in quotes: "${EMBEDDED}"`;

/** What the YAML parser says without the piece of the file that some messages show, which may be part of a password; and what to do. */
function syntaxProblem(code: ErrorCode, message: string): string {
  // This message speaks to programmers.
  const problem = code === "MULTIPLE_DOCS" ? "the file has several documents" : message.replace(/(: |\\).*/s, "");
  return `${problem}; ${REMEDIES[code] ?? "put texts with special characters in quotes"}`;
}
