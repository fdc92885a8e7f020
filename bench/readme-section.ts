import type { Results } from "./results.ts";
import { markdownTable, tables } from "./tables.ts";

const BEGIN = "<!-- measured: written by npm run bench -- --write -->";
const END = "<!-- /measured -->";

/** Where and how it was measured, and all tables. */
export function measuredSection(results: Results): string {
  const { machine, options } = results;
  const { cpu, arch, cores, memoryMib, kernel, node, mosquitto, date, commit } = machine;
  const place = `${cpu}, ${arch}, ${cores} cores for all processes, ${memoryMib} MiB, Linux ${kernel}, Node ${node}, Mosquitto ${mosquitto}`;
  const how = `${options.repetitions} repetitions at most, ${options.measureMs / 1000} s measured in each after ${options.warmUpMs / 1000} s`;
  const what = commit === undefined ? "" : `, commit ${commit}`;
  const intro = `On ${date.slice(0, 10)}${what}: ${place}; ${how}. Medians, with the least and the most in brackets.`;
  return [intro, ...tables(results).map(markdownTable)].join("\n\n");
}

/** The page with this section between its marks. Throws where it has none. */
export function withMeasured(page: string, section: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no place for what is measured: ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${section}\n\n${page.slice(end)}`;
}
