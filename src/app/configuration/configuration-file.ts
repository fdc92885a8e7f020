import { dirname } from "node:path";
import type { Node, YAMLMap } from "yaml";
import { isOptionKey, OPTION_KEYS } from "./option-names.ts";
import type { OptionKey } from "./options.ts";
import type { Problem } from "./problem.ts";
import { unknownOption } from "./unknown-option.ts";
import { yaml } from "./yaml.ts";
import { isNothing, type Place, YamlFile } from "./yaml-file.ts";

/** What the file says of one option. */
interface FileValue {
  value: unknown;
  /** The place of the part of the value that the path leads to, or of the nearest thing around it. */
  placeOf: (path: readonly PropertyKey[]) => Place;
}

const EXAMPLE = 'write for example "log: { level: debug }"';

/** Where the first line with anything in it is one such as `[broker]`. */
const INI_SECTION = /^(\s*([#;].*)?\n)*\s*\[[\w.-]+\]\s*\n/;
const IS_INI = `is written like an INI or TOML file, and has to be YAML; ${EXAMPLE}`;

/** A YAML file with the gateway's options, read but not yet validated. Its problems are those of form: syntax and unknown keys. */
export class ConfigurationFile {
  readonly values = new Map<OptionKey, FileValue>();
  readonly problems: Problem[] = [];
  /** Options that the file names, with a value that cannot be read; there is a problem for each. */
  readonly unreadable = new Set<OptionKey>();
  /** Whether it could be read at all: else `values` has nothing of what it says. */
  readonly isReadable: boolean;
  /** Whether there is nothing at all in it, not even a comment. */
  readonly isEmpty: boolean;
  /** As the user named it. */
  readonly name: string;
  /** What the names of files in it are relative to. */
  readonly folder: string;
  readonly #file: YamlFile;

  /** `name` is the file as the user named it; it begins every problem. */
  constructor(name: string, text: string) {
    this.name = name;
    this.folder = dirname(name);
    this.isEmpty = text.trim() === "";
    this.#file = new YamlFile(name, text);
    const { root, problems } = this.#file;
    if (problems.length > 0 && INI_SECTION.test(text)) this.#addProblem(this.#file.at(0), IS_INI);
    else this.problems.push(...problems);
    this.isReadable = problems.length === 0 && (yaml().isMap(root) || root === null);
    if (this.isReadable && yaml().isMap(root)) this.#readSection(root, "");
    else if (problems.length === 0 && !this.isReadable) {
      this.#addProblem(this.#file.at(0), `is not a map of options; ${EXAMPLE}`);
    }
  }

  #addProblem(place: Place, problem: string): void {
    this.problems.push(this.#file.problem(place, problem));
  }

  #readSection(section: YAMLMap, prefix: string): void {
    for (const pair of section.items) {
      const keyNode = pair.key as Node;
      const key = `${prefix}${yaml().isScalar(keyNode) ? keyNode.value : keyNode}`;
      const place = this.#file.at(keyNode);
      const node = this.#file.resolve(pair.value as Node | null);
      if (isOptionKey(key)) {
        this.#readOption(key, keyNode, node);
      } else if (!isSection(key)) {
        this.#addProblem(place, unknownOption(prefix, key.slice(prefix.length)));
      } else if (yaml().isMap(node)) {
        this.#readSection(node, `${key}.`);
      } else if (!isNothing(node)) {
        this.#addProblem(place, noSection(key, node));
      }
    }
  }

  #readOption(key: OptionKey, keyNode: Node, node: Node | null): void {
    const read = this.#file.valueOf(node);
    if ("problem" in read) {
      this.#addProblem(this.#file.at(keyNode), `${key}: ${read.problem}`);
      this.unreadable.add(key);
      return;
    }
    const placeOf = (path: readonly PropertyKey[]) => this.#file.placeOf(isNothing(node) ? keyNode : node, path);
    this.values.set(key, { value: read.value, placeOf });
  }
}

function isSection(key: string): boolean {
  return OPTION_KEYS.some((option) => option.startsWith(`${key}.`));
}

/** What is wrong with what stands where the options of a section should. Nothing of it is shown: it may be a password. */
function noSection(section: string, node: Node | null): string {
  const names = OPTION_KEYS.filter((key) => key.startsWith(`${section}.`)).map((key) => key.slice(section.length + 1));
  const example = `${section}.${names[0]}`;
  if (yaml().isSeq(node))
    return `${section}: is a section; write its options below it without dashes, such as ${example}`;
  const word = yaml().isScalar(node) ? /^(\w+)\s*[:=]/.exec(String(node.value))?.[1] : undefined;
  return word !== undefined && names.includes(word)
    ? `${section}.${word}: write a colon and a space between a key and its value`
    : `${section}: is a section; write its options below it, indented, such as ${example}`;
}
