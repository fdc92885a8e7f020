/** What a restart costs: sleepers in the store, the gateway killed and started again. See README.md beside this file. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { assertMosquitto } from "./prerequisites.ts";
import { residentOctets } from "./process-figures.ts";
import { Sleeper } from "./sleeper.ts";
import { startMosquitto } from "./start-mosquitto.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const GATEWAY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Requests on their way at once; below what the gateway's receive buffer holds. */
const AT_ONCE = 100;

/** What is collected is written after a second, and safe from a power cut after ten. */
const WRITTEN_MS = 12_000;

const USAGE = `npm run bench:restart -- [options]

  --sleepers <n>       clients in the store (1000)
  --topics <n>         topic ids of each that it registered (3)
  --subscriptions <n>  subscriptions of each, with an id (2)
  --json               the figures as JSON
`;

interface Figures {
  sleepers: number;
  topics: number;
  subscriptions: number;
  /** Octets of the folder, for each session, when they had come and after the restart. */
  storeOctetsPerSession: number;
  storeOctetsPerSessionAfter: number;
  /** Octets that the gateway gave the disk to write until then, for each session. */
  writtenOctetsPerSession: number;
  /** From the start of the process to the first PINGRESP, and to the PINGRESP of every sleeper. */
  firstAnswerMs: number;
  allAnsweredMs: number;
  /** The first answer of a gateway that has nothing in its store. */
  emptyFirstAnswerMs: number;
  residentMiB: number;
}

async function startGateway(port: number, brokerPort: number, state: string): Promise<Child> {
  const places = ["-b", `mqtt://127.0.0.1:${brokerPort}`, "-l", `udp://127.0.0.1:${port}`, "--state-path", state];
  const log = ["--log-level", "warn", "--log-format", "json", "--http-listen", ""];
  return Child.start(process.execPath, [GATEWAY, "run", "--clients-max", "100000", ...places, ...log]);
}

/** Each has its turn, some at once. */
async function forEach(sleepers: readonly Sleeper[], work: (sleeper: Sleeper) => Promise<void>): Promise<void> {
  const left = sleepers.values();
  const worker = async () => {
    for (const sleeper of left) await work(sleeper);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function octetsOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => statSync(join(folder, file)));
  return files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0);
}

/** Octets that a process has given the disk to write. */
function writtenOctets(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))![1]);
}

/** Until a stranger is answered. */
async function firstAnswerOf(port: number): Promise<number> {
  const start = performance.now();
  const stranger = await Sleeper.open("nobody", port);
  await stranger.ask({ type: "PINGREQ", clientId: "" }, "DISCONNECT", 10);
  stranger.close();
  return performance.now() - start;
}

async function measure(count: number, topics: number, subscriptions: number): Promise<Figures> {
  const temporary = new TemporaryFolder("bench-restart-");
  const folder = temporary.path;
  const children: Child[] = [];
  const start = async (child: Promise<Child>) => {
    children.push(await child);
    return children.at(-1)!;
  };
  try {
    const brokerPort = await freePort("tcp");
    const port = await freePort("udp");
    await start(startMosquitto(brokerPort));
    const first = await start(startGateway(port, brokerPort, folder));
    const emptyFirstAnswerMs = await firstAnswerOf(port);
    const sleepers = await Promise.all(
      Array.from({ length: count }, (_, index) => Sleeper.open(`sensor-${10_000 + index}`, port)),
    );
    await forEach(sleepers, (sleeper) => sleeper.fallAsleep(topics, subscriptions));
    await delay(WRITTEN_MS);
    const written = writtenOctets(first.pid);
    const before = octetsOf(folder);
    process.kill(first.pid, "SIGKILL");
    await first.stop();

    const startedAt = performance.now();
    const second = await start(startGateway(port, brokerPort, folder));
    await sleepers[0]!.wake(10);
    const firstAnswerMs = performance.now() - startedAt;
    await forEach(sleepers, (sleeper) => sleeper.wake(1000));
    const allAnsweredMs = performance.now() - startedAt;
    const residentMiB = residentOctets([second.pid]) / 1024 / 1024;
    for (const sleeper of sleepers) sleeper.close();
    await second.stop();
    return {
      sleepers: count,
      topics,
      subscriptions,
      storeOctetsPerSession: Math.round(before / count),
      storeOctetsPerSessionAfter: Math.round(octetsOf(folder) / count),
      writtenOctetsPerSession: Math.round(written / count),
      firstAnswerMs: Math.round(firstAnswerMs),
      allAnsweredMs: Math.round(allAnsweredMs),
      emptyFirstAnswerMs: Math.round(emptyFirstAnswerMs),
      residentMiB: Math.round(residentMiB),
    };
  } finally {
    for (const child of children.reverse()) await child.stop();
    temporary.remove();
  }
}

const { values } = parseArgs({
  options: {
    sleepers: { type: "string", default: "1000" },
    topics: { type: "string", default: "3" },
    subscriptions: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
} else {
  try {
    assertMosquitto();
    const figures = await measure(Number(values.sleepers), Number(values.topics), Number(values.subscriptions));
    if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
    else console.table(figures);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
