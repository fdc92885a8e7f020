import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function npmRun(...args: string[]) {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", ...args], { cwd: ROOT, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe.each(["sim", "fuzz", "kill", "interop"])("npm run %s", (name) => {
  test("--help shows the options", () => {
    const { status, stdout } = npmRun(name, "--", "--help");
    expect(stdout).toMatch(new RegExp(`^npm run ${name} -- \\[options\\]\n\n {2}--`));
    expect(status).toBe(0);
  });

  test("an unknown option ends with 2, and shows what there is", () => {
    const { status, stderr } = npmRun(name, "--", "--nonsense");
    expect(stderr).toMatch(/Unknown option '--nonsense'/);
    expect(stderr).toContain(`npm run ${name} -- [options]\n`);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(2);
  });
});
