/**
 * The floors of the architecture are held by biome.json. Here each rule meets a file that breaks it, so that a rule that no longer
 * bites is noticed: the files are planted in a temporary directory, under the project's own configuration.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BIOME = join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome");

const IMPORTS = "lint/style/noRestrictedImports";
const GLOBALS = "lint/style/noRestrictedGlobals";
const PLUGIN = "plugin";

const PURE = ["sn", "gateway", "device"];
const ADAPTERS = ["transport", "mqtt", "store", "http"];

interface Planted {
  folder: string;
  code: string;
  /** The rule that must find it; undefined where it is allowed. */
  rule: string | undefined;
}

const importing = (specifier: string): string => `import { it } from "${specifier}";\nexport const used = it;\n`;
const importingType = (specifier: string): string =>
  `import type { It } from "${specifier}";\nexport type Used = It;\n`;
const using = (expression: string): string => `export const used = ${expression};\n`;

function plantedImports(folder: string, specifiers: readonly string[], rule: string | undefined): Planted[] {
  return specifiers.flatMap((specifier) => [
    { folder, code: importing(specifier), rule },
    { folder, code: importingType(specifier), rule },
  ]);
}

const OUTSIDE = ["node:net", "node:timers/promises", "zod", "mqtt-packet", "@scope/package", "../../bench/load.ts"];

const PLANTED: readonly Planted[] = [
  ...plantedImports("sn", [...OUTSIDE, "../gateway/contract.ts", "../device/device.ts", "../app/runner.ts"], IMPORTS),
  ...plantedImports("sn", ["./message.ts"], undefined),
  ...["gateway", "device"].flatMap((folder) => [
    ...plantedImports(folder, OUTSIDE, IMPORTS),
    ...plantedImports(
      folder,
      ["../mqtt/link.ts", "../transport/udp.ts", "../app/runner.ts", "../cli/main.ts"],
      IMPORTS,
    ),
    ...plantedImports(folder, ["../sn/message.ts", "./contract.ts"], undefined),
  ]),
  ...plantedImports("gateway", ["../device/device.ts"], IMPORTS),
  ...plantedImports("device", ["../gateway/contract.ts"], IMPORTS),
  ...ADAPTERS.flatMap((folder) => [
    ...plantedImports(
      folder,
      ADAPTERS.filter((other) => other !== folder).map((other) => `../${other}/adapter.ts`),
      IMPORTS,
    ),
    ...plantedImports(
      folder,
      ["../app/runner.ts", "../cli/main.ts", "../device/device.ts", "../gateway/gateway.ts"],
      IMPORTS,
    ),
    ...plantedImports(folder, ["node:net", "mqtt-packet", "./own.ts", "../sn/message.ts"], undefined),
    { folder, code: importingType("../gateway/contract.ts"), rule: undefined },
    { folder, code: importingType("../gateway/packet.ts"), rule: undefined },
    { folder, code: importingType("../gateway/saved-session.ts"), rule: undefined },
    { folder, code: using("Date.now()"), rule: undefined },
  ]),
  ...plantedImports("app", ["../cli/main.ts", "../../test/sn/octets.ts"], IMPORTS),
  ...plantedImports("app", ["../gateway/gateway.ts", "../mqtt/link.ts", "../transport/udp.ts", "pino"], undefined),
  ...PURE.flatMap((folder) => [
    ...[
      "Date.now()",
      "new Date()",
      "performance.now()",
      "setTimeout(() => 0, 1)",
      "setInterval(() => 0, 1)",
      "setImmediate(() => 0)",
      "queueMicrotask(() => 0)",
      "Promise.resolve(1)",
      "process.env",
      "crypto.randomUUID()",
      "globalThis.Date",
      "global.Date",
      'require("node:net")',
      'fetch("http://127.0.0.1/")',
    ].map((expression) => ({ folder, code: using(expression), rule: GLOBALS })),
    { folder, code: 'console.log("x");\nexport const used = 1;\n', rule: GLOBALS },
    { folder, code: using('() => import("node:net")'), rule: IMPORTS },
    { folder, code: 'export { it } from "../mqtt/link.ts";\n', rule: IMPORTS },
    { folder, code: using("Math.random()"), rule: PLUGIN },
    { folder, code: using("async () => { await 1; }"), rule: PLUGIN },
    { folder, code: using("Math.max(1, 2)"), rule: undefined },
    { folder, code: using("Buffer.alloc(2)"), rule: undefined },
  ]),
  { folder: "transport", code: using('() => import("../mqtt/link.ts")'), rule: IMPORTS },
  { folder: "app", code: "export default 1;\n", rule: "lint/style/noDefaultExport" },
  { folder: "app", code: "export enum It { One }\n", rule: "lint/style/noEnum" },
  {
    folder: "app",
    code: "export class It {\n  constructor(readonly one: number) {}\n}\n",
    rule: "lint/style/noParameterProperties",
  },
  { folder: "app", code: 'export * from "./other.ts";\n', rule: "lint/performance/noReExportAll" },
  { folder: "app", code: 'export { it } from "./other.ts";\n', rule: "lint/performance/noBarrelFile" },
  { folder: "app", code: 'console.log("x");\nexport const used = 1;\n', rule: "lint/suspicious/noConsole" },
  { folder: "cli", code: 'console.log("x");\nexport const used = 1;\n', rule: undefined },
];

const fileOf = (index: number): string => join("src", PLANTED[index]!.folder, `planted-${index}.ts`);

let directory: string;
/** For each planted file, by its path from the temporary directory, the rules that found something. */
const found = new Map<string, Set<string>>();

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "floors-"));
  for (const path of ["biome.json", "scripts/pure-floor.grit"]) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path));
  }
  for (const [index, { code }] of PLANTED.entries()) plant(fileOf(index), code);
  plant("src/app/cycle-one.ts", importing("./cycle-two.ts"));
  plant("src/app/cycle-two.ts", `${importing("./cycle-one.ts")}export { used as it };\n`);

  for (const line of lint().split("\n")) {
    const [, rule, file] = /^::error title=([^,]+),file=([^,]+),/.exec(line) ?? [];
    if (rule === undefined || file === undefined) continue;
    const path = file.slice(file.lastIndexOf(join("src", "")));
    found.set(path, (found.get(path) ?? new Set()).add(rule));
  }
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function plant(path: string, code: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), code);
}

/** What biome says; it ends with status 1 because it finds something. */
function lint(): string {
  const args = [BIOME, "lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=github", "src"];
  try {
    return execFileSync(process.execPath, args, {
      cwd: directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    if (!stdout.includes("::error")) throw new Error(`biome did not lint: ${stderr}`, { cause: error });
    return stdout;
  }
}

describe("the floors", () => {
  const refused = PLANTED.map((planted, index) => ({ ...planted, index })).filter(({ rule }) => rule !== undefined);
  const allowed = PLANTED.map((planted, index) => ({ ...planted, index })).filter(({ rule }) => rule === undefined);

  test.each(refused)("src/$folder is refused: $code", ({ index, rule }) => {
    expect([...(found.get(fileOf(index)) ?? [])]).toContain(rule);
  });

  test.each(allowed)("src/$folder is allowed: $code", ({ index }) => {
    expect([...(found.get(fileOf(index)) ?? [])]).toStrictEqual([]);
  });

  test("a circle of imports is refused", () => {
    expect([...(found.get("src/app/cycle-one.ts") ?? [])]).toContain("lint/suspicious/noImportCycles");
  });
});
