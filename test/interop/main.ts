/** The same cases against one broker after the other: `npm run interop -- mosquitto nats --write`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { argumentsOf, endWithUsage } from "../arguments.ts";
import { columnOf } from "./broker-table.ts";
import { tablesText } from "./broker-tables.ts";
import { BrokersPage } from "./brokers-page.ts";
import type { TargetReport } from "./case-outcome.ts";

/** Seen from build/test/interop. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TARGETS = "test/interop/targets";
const SUFFIX = ".test.ts";

const ALL = readdirSync(join(ROOT, TARGETS))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => basename(file, SUFFIX))
  .sort();

const USAGE = `npm run interop -- [options]

  --write       write the tables in docs/brokers.md; columns of brokers that are not run stay as they are
  <target>…     what to run the cases against; without any, all but ejabberd, nats and rabbitmq. There are
                ${ALL.join(", ")}
`;

const args = process.argv.slice(2);
const asked = args.filter((each) => !each.startsWith("-"));
const { write } = argumentsOf(
  USAGE,
  { write: { type: "boolean", default: false } },
  args.filter((each) => each.startsWith("-")),
);
const unknown = asked.find((name) => !ALL.includes(name));
if (unknown !== undefined) endWithUsage(USAGE, `there is no target ${unknown}`);

/** Runs a command to its end, and returns its exit code. */
function run(command: string, commandArgs: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...environment };
  return spawnSync(command, commandArgs, { cwd: ROOT, stdio: "inherit", env }).status ?? 1;
}

const built = run("npm", ["run", "--silent", "build"]);
if (built !== 0) process.exit(built);

/** For the reports, and for all that the brokers and the gateway keep. */
const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-interop-"));
// What is being killed may write once more.
process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
// Ctrl-C ends vitest too; there is something left to do after it.
process.on("SIGINT", () => undefined);
const reports = join(folder, "reports");
const files = (asked.length > 0 ? asked : ALL).map((name) => `${TARGETS}/${name}${SUFFIX}`);
// The helpers that start brokers and the gateway live within vitest.
const status = run("npx", ["vitest", "run", ...files], {
  INTEROP_TARGETS: asked.join(" "),
  INTEROP_REPORTS: reports,
  TMPDIR: folder,
});

const today = new Date().toISOString().slice(0, 10);
const columns = (asked.length > 0 ? asked : ALL)
  .map((name) => join(reports, `${name}.json`))
  .filter((file) => existsSync(file))
  .map((file) => columnOf(JSON.parse(readFileSync(file, "utf8")) as TargetReport, today));
if (columns.length > 0) console.log(`${tablesText(columns)}\n`);
if (status !== 0) {
  console.error(`not everything works: see above${write ? "; docs/brokers.md stays as it is" : ""}`);
  process.exit(1);
}
if (write) BrokersPage.read(join(ROOT, "docs/brokers.md")).write(columns);
