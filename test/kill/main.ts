/** A gateway that is killed again and again, in the middle of traffic: `npm run kill -- --kills 200 --seed 7`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { argumentsOf, endWithUsage } from "../arguments.ts";

const USAGE = `npm run kill -- [options]

  --kills <n>   how often the gateway is killed (200)
  --seed <n>    what is drawn: the moments, the messages, the faults of the network (1)
  --groups <n>  groups of eight devices (3)
  --memory      the gateway keeps nothing: devices are told that it was away, and connect again
  --log <file>  write down every message of every device, and every kill; in <file>.broker what the broker says
`;

/** Seen from build/test/kill. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const values = argumentsOf(USAGE, {
  kills: { type: "string", default: "200" },
  seed: { type: "string", default: "1" },
  groups: { type: "string", default: "3" },
  memory: { type: "boolean", default: false },
  log: { type: "string" },
});
const counts = { kills: Number(values.kills), seed: Number(values.seed), groups: Number(values.groups) };
if (!Object.values(counts).every((count) => Number.isSafeInteger(count) && count > 0)) {
  endWithUsage(USAGE, "--kills, --seed and --groups are whole numbers from 1");
}

/** Runs a command to its end; where it fails, so do we. */
function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...environment } });
  if (status !== 0) process.exit(status ?? 1);
}

run("npm", ["run", "--silent", "build"]);
// The helpers that start Mosquitto and the gateway live within vitest.
run("npx", ["vitest", "run", "test/process/kill.test.ts", "--disable-console-intercept"], {
  REQUIRE_MOSQUITTO: "1",
  KILL_COUNT: String(counts.kills),
  KILL_SEED: String(counts.seed),
  KILL_GROUPS: String(counts.groups),
  KILL_STATE: values.memory ? "memory:" : "",
  KILL_LOG: values.log ?? "",
});
