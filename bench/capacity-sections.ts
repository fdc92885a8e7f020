import { packetOctets, perDay } from "./capacity-octets.ts";
import type { IdleFigures } from "./idle-figures.ts";
import type { Machine } from "./machine.ts";
import type { Results } from "./results.ts";

/** How many times longer than here a message takes on a Raspberry Pi 4: assumed, docs/capacity.md says how to measure it. */
const PI_4_TIMES = 5;

/** Of a core that the gateway is planned to take: the rest is for bursts. */
const PLANNED_SHARE = 0.5;

/** How many connections are wanted of one gateway, and the machine that was measured on does not allow. */
const OUTLOOK_CLIENTS = 50_000;

/** With how many clients the mode `connect` is measured. */
const CONNECTS = 10_000;

const MESSAGE_MODES = [
  ["publish-qos0", "published with QoS 0"],
  ["publish-qos1", "published with QoS 1"],
  ["publish-qos2", "published with QoS 2"],
  ["deliver-qos0", "delivered with QoS 0"],
  ["deliver-qos1", "delivered with QoS 1"],
  ["deliver-qos2", "delivered with QoS 2"],
] as const;

/** The parts of docs/capacity.md that figures make, by the names of their marks. */
export function capacitySections(results: Results, idle: readonly IdleFigures[]): Record<string, string> {
  return {
    processor: processor(results),
    machines: machines(results),
    memory: memory(results, idle),
    example: example(results, idle),
    idle: idleTable(idle),
    restart: restartTable(idle),
  };
}

/** The page with these sections between their marks, `<!-- name: … -->` and `<!-- /name -->`. Throws where it has none. */
export function withSections(page: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, section]) => {
    const marks = new RegExp(`(<!-- ${name}: [^>]*-->\n)[^]*?(<!-- /${name} -->)`);
    if (!marks.test(text)) throw new Error(`the page has no place for ${name}`);
    return text.replace(marks, (_all, begin, end) => `${begin}\n${section}\n\n${end}`);
  }, page);
}

function medianOf(results: Results, mode: string, nodes: number, figure: "gatewayUs" | "brokerUs"): number {
  const median = caseOf(results, mode, nodes)?.figures[figure]?.median;
  if (median === undefined) throw new Error(`bench/results.json has no ${figure} of ${mode} with ${nodes} nodes`);
  return median;
}

function caseOf(results: Results, mode: string, nodes: number) {
  return results.cases.find((one) => one.mode === mode && one.nodes === nodes && one.subject === "gateway");
}

function processor(results: Results): string {
  const rows = MESSAGE_MODES.map(([mode, what]) => [
    what,
    micros(medianOf(results, mode, 100, "gatewayUs")),
    micros(medianOf(results, mode, 1000, "gatewayUs")),
    micros(medianOf(results, mode, 1000, "brokerUs")),
  ]);
  const place = `On ${results.machine.date.slice(0, 10)}, ${placeOf(results.machine)}.`;
  return `${table(["µs of processor time for a message", "gateway, 100 devices", "gateway, 1,000", "Mosquitto, 1,000"], rows)}\n\n${place}`;
}

function machines(results: Results): string {
  const rows = MESSAGE_MODES.map(([mode, what]) => {
    const gateway = medianOf(results, mode, 1000, "gatewayUs");
    const broker = medianOf(results, mode, 1000, "brokerUs");
    const rate = (us: number): string => atMost((PLANNED_SHARE * 1e6) / us);
    return [what, rate(PI_4_TIMES * gateway), rate(gateway + broker), rate(gateway)];
  });
  return table(["messages a second", "Raspberry Pi 4, assumed", "VM with one core", "server"], rows);
}

/** The memory to plan with: for each client the most that was measured in any way, rounded up. */
function plannedMemory(results: Results, idle: readonly IdleFigures[]) {
  const asleep = withMosquitto(idle);
  const connectedKib = caseOf(results, "connect", CONNECTS)?.figures.gatewayKibPerClient?.median;
  return {
    connectedKib,
    restMib: Math.round(Math.max(...asleep.map(({ gatewayAtRest }) => gatewayAtRest.mib))),
    clientKib: Math.ceil(Math.max(connectedKib ?? 0, ...asleep.map(({ gatewayKibPerClient }) => gatewayKibPerClient))),
  };
}

function memory(results: Results, idle: readonly IdleFigures[]): string {
  const { connectedKib, restMib, clientKib } = plannedMemory(results, idle);
  const asleep = withMosquitto(idle).map(
    (one) => `${one.gatewayKibPerClient.toFixed(1)} KiB with ${count(one.clients)}`,
  );
  const connected =
    connectedKib === undefined
      ? []
      : [`Awake, 3 s after ${count(CONNECTS)} have connected as fast as they can: ${connectedKib.toFixed(1)} KiB.`];
  const sensorsMib = Math.round((5000 * (clientKib + 0.6 + 0.8 + 4 * 0.5)) / 1024);
  return [
    `    what the process takes at rest: ${restMib} MiB`,
    `    + for each device that is connected, awake or asleep: ${clientKib} KiB`,
    "    + for each stored session of one that is not: 2.4 KiB",
    "    + what waits: 0.4 KiB and the payload for each message",
    "    + 0.2 KiB for each topic id, 0.4 KiB for each subscription",
    "",
    [`A device that sleeps took ${asleep.join(", ")}, its subscription included.`, ...connected].join("\n"),
    "",
    "Worked example (computed): 5,000 sensors, all asleep, each with 3 topic ids, 2 subscriptions and 4 messages of 100 octets that wait for it:",
    `${restMib} MiB + 5,000 × (${clientKib} + 0.6 + 0.8 + 4 × 0.5) KiB = ${restMib} + ${sensorsMib} = ${restMib + sensorsMib} MiB.`,
  ].join("\n");
}

/** The worked examples, as lines of a list. */
function example(results: Results, idle: readonly IdleFigures[]): string {
  const { restMib, clientKib } = plannedMemory(results, idle);
  const lines = [40, 10_000].map((sensors) => {
    const us = medianOf(results, "publish-qos1", sensors < 500 ? 100 : 1000, "gatewayUs");
    const rate = sensors / 60;
    const percent = (rate * us) / 10_000;
    const mib = restMib + (sensors * clientKib) / 1024;
    const octets = packetOctets("topic-of-20-octets-x", 20);
    return [
      `* **${count(sensors)} sensors, one message a minute**, QoS 1, 20 octets of payload: ${count(sensors)} ÷ 60 = ${digits(rate)} messages a second`,
      `  × ${micros(us)} µs = ${digits(percent)} % of a core here, ${digits(PI_4_TIMES * percent)} % on a Raspberry Pi 4, as assumed; ${restMib} MiB + ${count(sensors)} × ${clientKib} KiB = ${Math.round(mib)} MiB;`,
      `  ${count(sensors + 100)} open files; ${perDay(sensors, octets.sensor)} a day in the network of the sensors, ${perDay(sensors, octets.broker)} towards the broker.`,
    ].join("\n");
  });
  return lines.join("\n");
}

function idleTable(idle: readonly IdleFigures[]): string {
  const rows: [string, (one: IdleFigures) => string][] = [
    ["measured on", ({ machine }) => machine.date.slice(0, 10)],
    ["broker", ({ broker }) => (broker === "embedded" ? "inside the gateway" : "Mosquitto")],
    ["gateway at rest, MiB", ({ gatewayAtRest }) => gatewayAtRest.mib.toFixed(0)],
    ["gateway with them, MiB", ({ gatewayWithClients }) => gatewayWithClients.mib.toFixed(0)],
    ["… for each, KiB", ({ gatewayKibPerClient }) => gatewayKibPerClient.toFixed(1)],
    ["Mosquitto, for each, KiB", (one) => (one.brokerWithClients ? one.brokerKibPerClient.toFixed(1) : "–")],
    ["open files of the gateway", ({ gatewayWithClients }) => count(gatewayWithClients.files)],
    ["all connect, subscribe, fall asleep, s", ({ connecting }) => connecting.seconds.toFixed(1)],
    ["… the gateway's processor time, s", ({ connecting }) => connecting.gatewayCpuSeconds.toFixed(1)],
    ["… longest stop, ms", ({ connecting }) => connecting.longestMs.toFixed(0)],
    ["the broker is told of each, % of a core", ({ telling }) => percentOf(telling)],
    ["idle, gateway, % of a core", ({ idle: used }) => percentOf(used)],
    ["… Mosquitto", (one) => (one.brokerWithClients ? share(one.idle.brokerCpuSeconds, one.idle.seconds) : "–")],
    ["… longest stop, ms", ({ idle: used }) => used.longestMs.toFixed(0)],
    ["a wake-up, p50 and p99, ms", ({ wakeUp }) => `${wakeUp.p50Ms.toFixed(2)}, ${wakeUp.p99Ms.toFixed(2)}`],
    ["all wake up, 128 at a time, s", ({ wakeAll }) => wakeAll.seconds.toFixed(1)],
    [
      "… the gateway's processor time for each, µs",
      (one) => micros((1e6 * one.wakeAll.gatewayCpuSeconds) / one.clients),
    ],
    ["state on disk, for each, octets", ({ storeOctetsPerClient }) => storeOctetsPerClient.toFixed(0)],
    ["written to the disk, for each, octets", ({ writtenOctetsPerClient }) => writtenOctetsPerClient.toFixed(0)],
  ];
  const place = `The machine: ${placeOf(largestWithMosquitto(idle).machine)}.`;
  return `${byClients(idle, rows)}\n\n${place}\n\n${outlook(idle)}`;
}

function placeOf({ cpu, arch, cores, node, mosquitto }: Machine): string {
  return `${cpu}, ${arch}, ${cores} cores for all processes, Node ${node}, Mosquitto ${mosquitto}`;
}

/** What many more connections to Mosquitto would take, from the most that were measured. */
function outlook(idle: readonly IdleFigures[]): string {
  const one = largestWithMosquitto(idle);
  const mib = one.gatewayAtRest.mib + (OUTLOOK_CLIENTS * one.gatewayKibPerClient) / 1024;
  const brokerMib = (one.brokerAtRest?.mib ?? 0) + (OUTLOOK_CLIENTS * one.brokerKibPerClient) / 1024;
  const times = OUTLOOK_CLIENTS / one.clients;
  const connecting = withMosquitto(idle).map(
    ({ clients, connecting: { seconds } }) => (OUTLOOK_CLIENTS / clients) * seconds,
  );
  const percent = (100 * times * one.idle.gatewayCpuSeconds) / one.idle.seconds;
  return [
    `Computed from this, for ${count(OUTLOOK_CLIENTS)} connections to Mosquitto: ${digits(mib)} MiB for the gateway, ${digits(brokerMib)} MiB for`,
    `Mosquitto, ${digits(percent)} % of a core while nothing happens, ${range(connecting)} s to connect them all.`,
  ].join("\n");
}

function largestWithMosquitto(idle: readonly IdleFigures[]): IdleFigures {
  const largest = withMosquitto(idle).at(-1);
  if (largest === undefined) throw new Error("bench/idle-results.json has nothing with Mosquitto");
  return largest;
}

function withMosquitto(idle: readonly IdleFigures[]): readonly IdleFigures[] {
  return idle.filter(({ broker }) => broker === "mosquitto");
}

function restartTable(idle: readonly IdleFigures[]): string {
  return byClients(idle, [
    ["SIGTERM until the end, s", ({ stopSeconds }) => stopSeconds.toFixed(1)],
    ["start until somebody is answered, s", ({ firstAnswerSeconds }) => firstAnswerSeconds.toFixed(1)],
    ["`broker.max_reconnect_rate`", ({ reconnectRate }) => count(reconnectRate)],
    ["… until every broker connection is back, s", ({ restart }) => restart.seconds.toFixed(0)],
    ["the gateway's processor time for it, s", ({ restart }) => restart.gatewayCpuSeconds.toFixed(1)],
    ["longest stop after the first answer, ms", ({ restart }) => restart.longestMs.toFixed(0)],
    ["then all wake up, s", ({ wakeAfterRestart }) => wakeAfterRestart.seconds.toFixed(1)],
    ["gateway after it, MiB", ({ gatewayAfterRestart }) => gatewayAfterRestart.mib.toFixed(0)],
  ]);
}

function byClients(idle: readonly IdleFigures[], rows: [string, (one: IdleFigures) => string][]): string {
  const head = ["clients", ...idle.map(({ clients }) => count(clients))];
  return table(
    head,
    rows.map(([what, of]) => [what, ...idle.map(of)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function share(cpuSeconds: number, seconds: number): string {
  return ((100 * cpuSeconds) / seconds).toFixed(1);
}

function percentOf(used: { gatewayCpuSeconds: number; seconds: number }): string {
  return share(used.gatewayCpuSeconds, used.seconds);
}

function micros(us: number): string {
  return us.toFixed(us < 10 ? 1 : 0);
}

function count(value: number): string {
  return value.toLocaleString("en");
}

/** Two digits that say something. */
function digits(value: number): string {
  return count(Number(value.toPrecision(2)));
}

/** From the least to the most of what was measured, or the one that both are. */
function range(values: readonly number[]): string {
  const ends = [digits(Math.min(...values)), digits(Math.max(...values))];
  return [...new Set(ends)].join(" to ");
}

/** Rounded down to two digits: what is promised is not more than what was measured. */
function atMost(value: number): string {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return count(Math.floor(value / unit) * unit);
}
