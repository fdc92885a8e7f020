import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "../packaging/npm-package.ts";

test("npm pack builds first: the package of a checkout that was never built holds the program", () => {
  const place = new Workplace();
  onTestFinished(() => place.remove());
  const output = execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: place.checkout(), encoding: "utf8" });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string; mode: number }[] }];
  expect(files.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "dist/cli/run.js", "dist/store/session-store.js"]),
  );
  expect(files.find(({ path }) => path === "dist/cli/main.js")!.mode & 0o111).toBe(0o111);
});
