import { fileText } from "./file-text.ts";
import { type PlacedEntry, readPredefinedFile } from "./predefined-file.ts";
import type { PredefinedEntry } from "./predefined-topics.ts";
import type { Problem } from "./problem.ts";
import type { Said } from "./said.ts";

/** What `topics.predefined` says, with who says it; and the name of `topics.predefined_file`, with who names it. */
interface PredefinedSources {
  list: { entries: readonly PredefinedEntry[]; said: Said } | undefined;
  file: { name: string; said: Said; mustBeRegular: boolean } | undefined;
}

/** All predefined topics, of the option and of the file. One id means one topic to one client: what says it twice is a problem. */
export function gatherPredefined({ list, file }: PredefinedSources, problems: Problem[]): PredefinedEntry[] {
  const gathered: PredefinedEntry[] = [];
  /** Where an id was given to a client. */
  const places = new Map<string, string>();
  const add = ({ id, topic, client = "*" }: PredefinedEntry, place: string, onTwice: (problem: string) => void) => {
    const key = `${id} ${client}`;
    const before = places.get(key);
    if (before === undefined) {
      places.set(key, place);
      gathered.push(client === "*" ? { id, topic } : { id, topic, client });
    } else {
      onTwice(`${id} has a topic for ${client === "*" ? "all clients" : JSON.stringify(client)} already (${before})`);
    }
  };
  for (const [index, entry] of list?.entries.entries() ?? []) {
    const path = [index, "id"];
    const { said } = list!;
    add(entry, said.place(path), (problem) => problems.push(said.problem(path, problem)));
  }
  for (const entry of file === undefined ? [] : entriesOf(file, problems)) {
    add(entry, entry.place, (problem) => problems.push({ text: `${entry.place}: ${problem}` }));
  }
  return gathered;
}

function entriesOf(
  { name, said, mustBeRegular }: NonNullable<PredefinedSources["file"]>,
  problems: Problem[],
): PlacedEntry[] {
  const file = fileText(name, "list", mustBeRegular);
  if ("problem" in file) {
    problems.push(said.problem([], file.problem));
    return [];
  }
  const read = readPredefinedFile(name, file.text);
  // Their order is that of their own file.
  problems.push(...read.problems.map(({ text }) => ({ text })));
  return read.entries;
}
