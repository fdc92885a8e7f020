/** What many clients cost that sleep: memory, processor, files, time to come back after a restart. See docs/capacity.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Fleet } from "./fleet.ts";
import type { IdleFigures } from "./idle-figures.ts";
import { IdleSite } from "./idle-site.ts";
import { thisMachine } from "./machine.ts";
import { Pinger } from "./pinger.ts";
import { assertMosquitto } from "./prerequisites.ts";
import { openFilesMax } from "./process-figures.ts";
import { Sleeper } from "./sleeper.ts";

const RESULTS = new URL("../../bench/idle-results.json", import.meta.url);

const USAGE = `npm run bench:idle -- [options]

  --clients <n>         clients that sleep, each with a durable session and a subscription (10000)
  --broker <which>      "mosquitto", or "embedded" for the one inside the gateway, which takes no open files (mosquitto)
  --reconnect-rate <n>  broker.max_reconnect_rate: how fast they come back after the restart (500)
  --idle-seconds <s>    how long nothing happens (60)
  --write               the figures into bench/idle-results.json, beside those of other numbers; then "npm run docs"

More than some 27,000 need more ports, and all need open files: as root

  ulimit -n 60000
  unshare --net sh -c 'ip link set lo up; sysctl -w net.ipv4.ip_local_port_range="1024 65535"; npm run bench:idle -- --clients 50000'
`;

/** How fast the gateway tells the broker that clients have come (\`src/app/bridge/bridge.ts\`). */
const TOLD_PER_SECOND = 200;

/** For V8 to tidy up, and the store to be written. */
const SETTLE_MS = 12_000;

const AT_REST_MS = 5000;

/** How often it is looked whether all are back: each look is work for the gateway. */
const LOOK_MS = 1000;

/** How often a client pings that sees for how long the gateway does something else; where nothing happens it is not to be the load. */
const OFTEN_MS = 10;
const SELDOM_MS = 200;

/** Files that a process needs besides one for each client. */
const OTHER_FILES = 200;

/** Sleepers in one process: more only make it slow. */
const PER_PROCESS_MAX = 17_000;

/** Wake-ups that are made one after the other. */
const WAKE_UPS = 500;

function assertRoom(clients: number, isEmbedded: boolean): void {
  const files = openFilesMax();
  if (!isEmbedded && clients + OTHER_FILES > files) {
    throw new Error(`${clients + OTHER_FILES} open files are needed, and ${files} allowed: raise "ulimit -n"`);
  }
  const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1").trim().split(/\s+/).map(Number);
  const ports = range[1]! - range[0]! + 1;
  if (clients + OTHER_FILES <= ports) return;
  throw new Error(`${clients + OTHER_FILES} local ports are needed, and there are ${ports}; --help tells the remedy`);
}

async function linksOpen(site: IdleSite, count: number): Promise<void> {
  for (;;) {
    try {
      const metrics = await site.metrics();
      if (metrics.get('mqttsn_links{state="open"}')! >= count) return;
    } catch {
      // Not listening yet.
    }
    await delay(LOOK_MS);
  }
}

function tell(what: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);
}

async function measure(clients: number, isEmbedded: boolean, reconnectRate: number, idleMs: number) {
  const site = await IdleSite.open(clients, isEmbedded, reconnectRate);
  let fleet: Fleet | undefined;
  try {
    await site.startGateway();
    await delay(AT_REST_MS);
    const gatewayAtRest = site.gatewayHolds;
    const brokerAtRest = site.brokerHolds;
    const perProcess = Math.min(PER_PROCESS_MAX, openFilesMax() - OTHER_FILES);
    fleet = await Fleet.open(clients, perProcess, site.port);
    let pinger = await Pinger.start(site.port, OFTEN_MS);
    let used = site.usage(pinger);
    tell("connecting");
    const slept = await fleet.sleep();
    const connecting = { ...used(), ...slept };
    used = site.usage(pinger);
    tell("the broker is told of each");
    await delay((1000 * clients) / TOLD_PER_SECOND);
    const telling = used();
    await delay(SETTLE_MS);
    pinger.intervalMs = SELDOM_MS;
    used = site.usage(pinger);
    tell("nothing happens");
    await delay(idleMs);
    const idle = used();
    pinger.intervalMs = OFTEN_MS;
    const asleep = (await site.metrics()).get('mqttsn_clients{state="asleep"}');
    if (asleep !== clients) throw new Error(`${asleep} of ${clients} clients sleep`);
    const gatewayWithClients = site.gatewayHolds;
    const brokerWithClients = site.brokerHolds;
    const storeOctetsPerClient = site.storeOctets / clients;
    const writtenOctetsPerClient = site.writtenOctets / clients;
    tell("waking up");
    const wakeUp = await fleet.wakeSome(Math.max(1, Math.floor(clients / WAKE_UPS)));
    used = site.usage(pinger);
    const woken = await fleet.wake();
    const wakeAll = { ...used(), ...woken };
    await pinger.stop();

    tell("stopping");
    const stopSeconds = await site.stopGateway();
    tell("starting again");
    const startedAt = performance.now();
    await site.startGateway();
    const stranger = await Sleeper.open("stranger", site.port);
    await stranger.ask({ type: "PINGREQ", clientId: "" }, "DISCONNECT", 10);
    const firstAnswerSeconds = (performance.now() - startedAt) / 1000;
    stranger.close();
    pinger = await Pinger.start(site.port, OFTEN_MS);
    used = site.usage(pinger);
    // With that of the client that pings.
    await linksOpen(site, clients + 1);
    const usedAgain = used();
    const restart = { ...usedAgain, seconds: (performance.now() - startedAt) / 1000 };
    tell("waking up");
    const wakeAfterRestart = await fleet.wake();
    await pinger.stop();
    const gatewayAfterRestart = site.gatewayHolds;
    const kibPerClient = (after = 0, before = 0): number => ((after - before) * 1024) / clients;
    return {
      machine: thisMachine(),
      clients,
      broker: isEmbedded ? "embedded" : "mosquitto",
      reconnectRate,
      gatewayAtRest,
      brokerAtRest,
      connecting,
      telling,
      idle,
      gatewayWithClients,
      brokerWithClients,
      gatewayKibPerClient: kibPerClient(gatewayWithClients.mib, gatewayAtRest.mib),
      brokerKibPerClient: kibPerClient(brokerWithClients?.mib, brokerAtRest?.mib),
      storeOctetsPerClient,
      writtenOctetsPerClient,
      wakeUp,
      wakeAll,
      stopSeconds,
      firstAnswerSeconds,
      restart,
      wakeAfterRestart,
      gatewayAfterRestart,
    } satisfies IdleFigures;
  } finally {
    fleet?.close();
    await site.close();
  }
}

/** In the place of those of as many clients with the same broker. */
function write(figures: IdleFigures): void {
  let all: IdleFigures[] = [];
  try {
    all = JSON.parse(readFileSync(RESULTS, "utf8")) as IdleFigures[];
  } catch {
    // The first ones.
  }
  const others = all.filter(({ clients, broker }) => clients !== figures.clients || broker !== figures.broker);
  const sorted = [...others, figures].sort((a, b) => b.broker.localeCompare(a.broker) || a.clients - b.clients);
  writeFileSync(RESULTS, `${asJson(sorted)}\n`);
}

/** To four digits: what is behind them is noise. */
function asJson(figures: unknown): string {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  return JSON.stringify(figures, round, 2);
}

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "10000" },
    broker: { type: "string", default: "mosquitto" },
    "reconnect-rate": { type: "string", default: "500" },
    "idle-seconds": { type: "string", default: "60" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
} else {
  const clients = Number(values.clients);
  const isEmbedded = values.broker === "embedded";
  try {
    if (!isEmbedded) assertMosquitto();
    assertRoom(clients, isEmbedded);
    const idleMs = 1000 * Number(values["idle-seconds"]);
    const figures = await measure(clients, isEmbedded, Number(values["reconnect-rate"]), idleMs);
    console.log(asJson(figures));
    if (values.write) write(figures);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
