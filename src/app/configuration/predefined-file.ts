import type { Node, YAMLMap } from "yaml";
import type { z } from "zod";
import {
  PREDEFINED_TOPIC_KEYS,
  type PredefinedEntry,
  predefinedClient,
  predefinedId,
  predefinedName,
  predefinedTopics,
} from "./predefined-topics.ts";
import type { Problem } from "./problem.ts";
import { pathText, problemsOfIssues } from "./said.ts";
import { yaml } from "./yaml.ts";
import { YamlFile } from "./yaml-file.ts";

/** An entry, and where its id stands: `file:line:column`. */
export interface PlacedEntry extends PredefinedEntry {
  place: string;
}

/** What a file with predefined topics says, and what is wrong with it. */
interface PredefinedFile {
  entries: PlacedEntry[];
  problems: Problem[];
}

/**
 * Reads a file with predefined topics. What it is shows its first line that is neither empty nor a comment: one of the Paho gateway (`*,
 * sensors/boiler, 1`), else YAML, which is either a map as bisquitt has it or a list like topics.predefined. `name` begins every problem.
 */
export function readPredefinedFile(name: string, text: string): PredefinedFile {
  const first = text.split("\n").find((line) => !/^\s*(#|$)/.test(line)) ?? "";
  return isLineOfPaho(first) ? readPaho(name, text) : readYaml(name, text);
}

/** A comma, and nothing by which YAML would be a map, a list or the beginning of a document. */
function isLineOfPaho(line: string): boolean {
  return line.includes(",") && !/^\s*([[{%"']|-\s|---)|:\s/.test(line);
}

const PAHO_EXAMPLE = "write ClientId,TopicName,TopicId, with * for all clients";

/** Lines of `ClientId,TopicName,TopicId`; what begins with # is a comment. */
function readPaho(name: string, text: string): PredefinedFile {
  const entries: PlacedEntry[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const placeAt = (column: number) => `${name}:${index + 1}:${column + 1}`;
    const fields = fieldsOf(line);
    if (fields.length !== 3) {
      problems.push({ text: `${placeAt(0)}: has ${fields.length} of 3 fields; ${PAHO_EXAMPLE}` });
      continue;
    }
    const [client, topic, id] = fields as [Field, Field, Field];
    const check = <T>(field: Field, value: unknown, schema: z.ZodType<T>): T | undefined => {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      problems.push(...result.error.issues.map(({ message }) => ({ text: `${placeAt(field.column)}: ${message}` })));
      return undefined;
    };
    const forClient = check(client, client.text, predefinedClient);
    const forTopic = check(topic, topic.text, predefinedName);
    // What comes after the number was always passed over.
    const number = id.text.replace(/\s*#.*/, "");
    const forId = check(id, /^\d+$/.test(number) ? Number(number) : number, predefinedId);
    // The Paho gateway takes every space out, which would be another topic here.
    for (const field of [client, topic].filter(({ text: each }) => /[\s\u3000]/.test(each))) {
      const shown = JSON.stringify(field.text.replaceAll(/[\s\u3000]/g, ""));
      problems.push({
        text: `${placeAt(field.column)}: has a space, which the Paho gateway leaves out; write ${shown}, or set topics.predefined`,
      });
    }
    if (forClient === undefined || forTopic === undefined || forId === undefined) continue;
    entries.push({ client: forClient, topic: forTopic, id: forId, place: placeAt(id.column) });
  }
  return { entries, problems };
}

interface Field {
  text: string;
  /** Where it begins in its line, from 0. */
  column: number;
}

function fieldsOf(line: string): Field[] {
  let column = 0;
  return line.split(",").map((field) => {
    const text = field.replaceAll(/^[\s\u3000]+|[\s\u3000]+$/g, "");
    const begin = column + (text === "" ? 0 : field.indexOf(text));
    column += field.length + 1;
    return { text, column: begin };
  });
}

function readYaml(name: string, text: string): PredefinedFile {
  const file = new YamlFile(name, text);
  if (file.problems.length > 0 || file.root === null) return { entries: [], problems: file.problems };
  return yaml().isMap(file.root) ? readBisquitt(file, file.root) : readList(file, file.root);
}

/** A map of client ids, or `*`, to maps of topic ids to topic names. */
function readBisquitt(file: YamlFile, clients: YAMLMap): PredefinedFile {
  const entries: PlacedEntry[] = [];
  const problems: Problem[] = [];
  const check = <T>(node: Node | null, value: unknown, schema: z.ZodType<T>, ifNone: Node): T | undefined => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const place = file.at(node ?? ifNone);
    problems.push(...result.error.issues.map(({ message }) => file.problem(place, message)));
    return undefined;
  };
  for (const { key: clientNode, value } of clients.items as { key: Node; value: Node | null }[]) {
    const client = check(clientNode, textOf(clientNode), predefinedClient, clientNode);
    const topics = file.resolve(value);
    if (!yaml().isMap(topics)) {
      const problem = "is not a map of topic ids to topic names, such as { 1: sensors/boiler }";
      problems.push(file.problem(file.at(topics ?? clientNode), problem));
      continue;
    }
    for (const { key: idNode, value: nameNode } of topics.items as { key: Node; value: Node | null }[]) {
      const id = check(idNode, numberOf(idNode), predefinedId, idNode);
      const resolved = file.resolve(nameNode);
      const topic = check(resolved, yaml().isScalar(resolved) ? resolved.value : null, predefinedName, idNode);
      if (client === undefined || id === undefined || topic === undefined) continue;
      entries.push({ client, id, topic, place: file.at(idNode).name });
    }
  }
  return { entries, problems };
}

/** A client id that looks like a number is one all the same, as it is written. */
function textOf(node: Node): unknown {
  if (!yaml().isScalar(node)) return null;
  return typeof node.value === "string" ? node.value : (node.source ?? node.value);
}

/** In JSON a key is a text. */
function numberOf(node: Node): unknown {
  if (!yaml().isScalar(node)) return null;
  return typeof node.value === "string" && /^[1-9]\d*$/.test(node.value) ? Number(node.value) : node.value;
}

/** A list like that of topics.predefined. */
function readList(file: YamlFile, root: Node): PredefinedFile {
  const problemAt = (path: readonly PropertyKey[], problem: string) =>
    file.problem(file.placeOf(root, path), path.length === 0 ? problem : `${pathText("", path)}: ${problem}`);
  const read = file.valueOf(root);
  if ("problem" in read) return { entries: [], problems: [problemAt([], read.problem)] };
  const result = predefinedTopics.safeParse(read.value);
  if (!result.success) {
    return { entries: [], problems: problemsOfIssues(result.error.issues, PREDEFINED_TOPIC_KEYS, problemAt) };
  }
  const entries = result.data.map((each, index) => ({ ...each, place: file.placeOf(root, [index, "id"]).name }));
  return { entries, problems: [] };
}
