import type { Document, ErrorCode, LineCounter, Node, Scalar } from "yaml";
import type { Problem } from "./problem.ts";
import { yaml } from "./yaml.ts";

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
  readonly #lines: LineCounter = new (yaml().LineCounter)();
  readonly #document: Document;

  /** `name` is the file as the user named it; it begins every problem. */
  constructor(name: string, text: string) {
    this.#name = name;
    // Pretty errors would quote the line, which may hold a password.
    this.#document = yaml().parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const { contents, errors, warnings } = this.#document;
    const told = new Map<number, Problem>();
    for (const { pos, code, message } of [...errors, ...warnings]) {
      // Of several at one place or in one line the others follow from the first, but for this one, which tells why.
      const { line } = this.#lines.linePos(pos[0]);
      if (told.has(line) && code !== "MULTILINE_IMPLICIT_KEY") continue;
      const problem = textProblem(text, pos[0], code) ?? syntaxProblem(code, message);
      told.set(line, this.problem(this.at(pos[0]), problem));
    }
    this.problems = [...told.values()];
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
    const { isMap, isSeq } = yaml();
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
    return yaml().isAlias(node) ? (node.resolve(this.#document) ?? node) : node;
  }

  /** The value of a node, or a problem for the user that goes on after the place. */
  valueOf(node: Node | null): { value: unknown } | { problem: string } {
    if (isNothing(node) && node?.anchor !== undefined) {
      return { problem: "has an anchor and no value; put texts that begin with & in quotes" };
    }
    try {
      return { value: node?.toJS(this.#document) ?? null };
    } catch {
      // What a document without errors can still have; the error itself would quote the alias.
      return { problem: "has an alias without its anchor; put texts that begin with * in quotes" };
    }
  }
}

/** Whether there is nothing where a value could stand. */
export function isNothing(node: unknown): node is null | Scalar<null> {
  return node === null || (yaml().isScalar(node) && node.value === null);
}

/** Errors that are not about a text with a character in it that means something to YAML, and what to do about them. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: "look at the indentation, and whether every bracket is closed",
  DUPLICATE_KEY: "leave one of the two out",
  MULTILINE_IMPLICIT_KEY: "indent it like this one",
  MULTIPLE_DOCS: "leave out the line ---, or what comes after it",
  TAB_AS_INDENT: "indent with spaces",
};

/** What the YAML parser says in words that speak to programmers. */
const PROBLEMS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BLOCK_AS_IMPLICIT_KEY: "there is a second colon in this line",
  MULTILINE_IMPLICIT_KEY: "the next line is indented further than this one, and taken for a part of its value",
  MULTIPLE_DOCS: "the file has several documents",
};

/** The values of ours that mean something to YAML. */
const WITH_COLON = ["embedded:", "memory:"];

/** What is known to be meant by the text at `offset`, for which the parser has only general words. */
function textProblem(text: string, offset: number, code: ErrorCode): string | undefined {
  const word = WITH_COLON.find((each) => text.startsWith(each, offset));
  if (word !== undefined) return `${word} ends with a colon, so it stands in quotes: "${word}"`;
  if (text.startsWith("${", offset - 1)) return `put texts with \${ and } in quotes, such as "\${clientId}"`;
  const key = code === "DUPLICATE_KEY" ? /[\w-]+(?= *:)/y : undefined;
  if (key === undefined) return undefined;
  key.lastIndex = offset;
  const name = key.exec(text)?.[0];
  return name && `${name} is there a second time; put the two together, or leave one of the two out`;
}

/** What the YAML parser says without the piece of the file that some messages show, which may be part of a password; and what to do. */
function syntaxProblem(code: ErrorCode, message: string): string {
  const problem = PROBLEMS[code] ?? message.replace(/(: |\\).*/s, "");
  return `${problem}; ${REMEDIES[code] ?? "put texts with special characters in quotes"}`;
}
