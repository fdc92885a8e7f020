import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("npm pack builds first: the package of a checkout that was never built holds the program", () => {
  const checkout = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  onTestFinished(() => rmSync(checkout, { recursive: true }));
  for (const path of ["package.json", "tsconfig.json", "tsconfig.build.json", "src", "README.md", "LICENSE"]) {
    cpSync(join(ROOT, path), join(checkout, path), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
  const output = execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: checkout, encoding: "utf8" });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string; mode: number }[] }];
  expect(files.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "dist/cli/run.js", "dist/store/session-store.js"]),
  );
  expect(files.find(({ path }) => path === "dist/cli/main.js")!.mode & 0o111).toBe(0o111);
});
