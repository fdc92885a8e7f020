import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";
import { placeProblems } from "../../src/app/configuration/place-problems.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "file");
writeFileSync(file, "");
const at = (...parts: string[]) => join(folder, ...parts);

const isRoot = process.getuid?.() === 0;
/** Everybody's folder but ours; for root one that the kernel keeps. */
const unwritable = isRoot ? "/proc/self" : at("closed");
if (!isRoot) {
  mkdirSync(unwritable);
  chmodSync(unwritable, 0o500);
}

function problems(key: OptionKey, value: string): string[] {
  const configuration = loadConfiguration({ flags: new Map([[key, value]]), environment: {} });
  if (!configuration.ok) throw new Error(configuration.problems.join());
  return placeProblems(configuration);
}

describe("trace.file has to have a place", () => {
  test.each([
    [at("gone", "run.pcap"), "its folder is not there; create it, or choose another place"],
    [at("file", "run.pcap"), `${file} is a file, not a folder; choose another place`],
    [at("file", "in", "run.pcap"), `a part of ${at("file", "in")} is a file, not a folder; choose another place`],
    [folder, "it is there already and is no file; it is left alone. Choose another name"],
    ["/dev/null", "it is there already and is no file; it is left alone. Choose another name"],
  ])("%s", (path, problem) => {
    expect(problems("trace.file", path)).toEqual([`--trace-file: ${problem}`]);
  });

  test("where the gateway may write", () => {
    const [problem, ...others] = problems("trace.file", join(unwritable, "run.pcap"));
    expect(others).toEqual([]);
    expect(problem).toMatch(/^--trace-file: (the system does not allow it|nothing can be written there); choose /);
  });

  test("and everywhere else is one", () => {
    expect(problems("trace.file", at("run.pcap"))).toEqual([]);
    expect(problems("trace.file", file)).toEqual([]);
  });

  test("and a circle of links is an error like others", () => {
    symlinkSync("circle", at("circle"));
    expect(problems("trace.file", at("circle"))).toEqual([expect.stringContaining("ELOOP")]);
  });
});

describe("state.path is no error", () => {
  test.each(["data", at("new", "and", "new"), folder, "memory:", "/proc/1/fd/data"])("%s", (path) => {
    expect(problems("state.path", path)).toEqual([]);
  });

  test.each([file, at("file", "data"), at("file", "in", "data")])("but %s is, a file in its way", (path) => {
    expect(problems("state.path", path)).toEqual([`--state-path: ${file} is a file, not a folder; name another one`]);
  });
});
