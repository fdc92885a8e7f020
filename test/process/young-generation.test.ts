import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";

const MODULE = new URL("../../dist/cli/young-generation.js", import.meta.url).href;

/** Prints the flags that are set while a gateway starts and when it has. */
const SCRIPT = `
  import v8 from "node:v8";
  import { syncBuiltinESMExports } from "node:module";
  const set = [];
  v8.setFlagsFromString = (flag) => set.push(flag);
  syncBuiltinESMExports();
  const { youngGeneration } = await import(${JSON.stringify(MODULE)});
  youngGeneration.hold();
  youngGeneration.release();
  console.log(JSON.stringify(set));
`;

function flagsSet(execArgv: readonly string[], nodeOptions: string): string[] {
  const env = { ...process.env, NODE_OPTIONS: nodeOptions };
  const args = [...execArgv, "--input-type=module", "--eval", SCRIPT];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: "utf8" })) as string[];
}

describe("V8's young generation", () => {
  test("is held while the gateway starts, and let grow when it has", () => {
    const [held, released, ...more] = flagsSet([], "");
    expect(held).toBe("--semi-space-growth-factor=1");
    expect(released).toMatch(/^--semi-space-growth-factor=[234]$/);
    expect(more).toEqual([]);
  });

  test.each([
    [["--max-semi-space-size=8"], ""],
    [["--semi_space_growth_factor=3"], ""],
    [[], "--max-semi-space-size=8"],
  ])("is left alone where somebody has said how large it is: %j %s", (execArgv, nodeOptions) => {
    expect(flagsSet(execArgv, nodeOptions)).toEqual([]);
  });
});
