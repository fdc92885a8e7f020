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

function medianOf(results: Results, mode: string, nodes: number, figure: "gatewayUs" | "brokerUs" | "gatewayMib") {
  const found = results.cases.find((one) => one.mode === mode && one.nodes === nodes && one.subject === "gateway");
  const median = found?.figures[figure]?.median;
  if (median === undefined) throw new Error(`bench/results.json has no ${figure} of ${mode} with ${nodes} nodes`);
  return median;
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
  return table(["messages a second", "Raspberry Pi 4", "VM with one core", "server"], rows);
}

/** The worked examples, as lines of a list. */
function example(results: Results, idle: readonly IdleFigures[]): string {
  const base = medianOf(results, "base-page", 0, "gatewayMib");
  const kib = largestWithMosquitto(idle).gatewayKibPerClient;
  const lines = [40, 10_000].map((sensors) => {
    const us = medianOf(results, "publish-qos1", sensors < 500 ? 100 : 1000, "gatewayUs");
    const rate = sensors / 60;
    const percent = (rate * us) / 10_000;
    const mib = base + (sensors * kib) / 1024;
    const octets = packetOctets("topic-of-20-octets-x", 20);
    return [
      `* **${count(sensors)} sensors, one message a minute**, QoS 1, 20 octets of payload: ${count(sensors)} ÷ 60 = ${digits(rate)} messages a second`,
      `  × ${micros(us)} µs = ${digits(percent)} % of a core here, ${digits(PI_4_TIMES * percent)} % on a Raspberry Pi 4; ${Math.round(base)} MiB + ${count(sensors)} × ${kib.toFixed(1)} KiB = ${Math.round(mib)} MiB;`,
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
  const percent = (100 * times * one.idle.gatewayCpuSeconds) / one.idle.seconds;
  return [
    `Computed from this, for ${count(OUTLOOK_CLIENTS)} connections to Mosquitto: ${digits(mib)} MiB for the gateway, ${digits(brokerMib)} MiB for`,
    `Mosquitto, ${digits(percent)} % of a core while nothing happens, ${digits(times * one.connecting.seconds)} s to connect them all.`,
  ].join("\n");
}

function largestWithMosquitto(idle: readonly IdleFigures[]): IdleFigures {
  const largest = idle.filter(({ broker }) => broker === "mosquitto").at(-1);
  if (largest === undefined) throw new Error("bench/idle-results.json has nothing with Mosquitto");
  return largest;
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

/** Rounded down to two digits: what is promised is not more than what was measured. */
function atMost(value: number): string {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return count(Math.floor(value / unit) * unit);
}
