import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What a package is made from. */
const SOURCES = [
  "package.json",
  "package-lock.json",
  "src",
  "scripts",
  "packaging",
  "docs",
  "examples",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
];

/** Runs a command to its end, and gives its standard output; throws with what it said where it fails. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): string {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^MQTTSN_/i.test(name));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...environment },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error ?? status}\n${stdout}${stderr}`);
  return stdout;
}

/** A folder of its own, until `remove`. */
export class Workplace {
  readonly path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** A checkout that was never built, or a part of it: nobody else's dist/ changes by it. */
  checkout(names: readonly string[] = SOURCES): string {
    const path = join(this.path, "checkout");
    const settings = readdirSync(ROOT).filter((name) => /^tsconfig.*\.json$/.test(name));
    for (const name of [...names, ...settings]) cpSync(join(ROOT, name), join(path, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
    return path;
  }

  /** What `npm pack` makes of a checkout: the path of the archive, and what is in it. */
  pack(checkout: string): { tarball: string; files: { path: string; mode: number }[]; unpackedSize: number } {
    const said = run("npm", ["pack", "--json", "--pack-destination", this.path], checkout);
    const [{ filename, files, unpackedSize }] = JSON.parse(said);
    return { tarball: join(this.path, filename), files, unpackedSize };
  }
}

/** Whether the npm registry answers. */
export function hasRegistry(): boolean {
  return spawnSync("npm", ["ping", "--fetch-retries=0", "--fetch-timeout=5000"], { timeout: 20_000 }).status === 0;
}
