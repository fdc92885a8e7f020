import { hostPortText } from "../configuration/host-port.ts";
import type { SimulationOptions, SimulationReport } from "./simulation.ts";

/** Whether all is well: the nodes connected, every message was acknowledged, none of them is missing, and at QoS 2 nothing came twice. */
export function isSimulationClean(options: SimulationOptions, report: SimulationReport): boolean {
  if (report.farEndFailure !== undefined) return false;
  if (options.qos === -1) return true;
  if (report.connected < options.nodes) return false;
  if (options.qos === 0) return true;
  const { delivery, failed, unanswered } = report;
  if (failed + unanswered > 0) return false;
  if (delivery === undefined) return true;
  return delivery.lostAccepted === 0 && (options.qos < 2 || delivery.duplicated === 0);
}

/** The report with the options that led to it, as one JSON object; what arrived only where somebody looked. */
export function simulationJson(options: SimulationOptions, report: SimulationReport): string {
  const { gateway, shortTopicId, ...others } = options;
  const { delivery, ...rest } = report;
  return JSON.stringify({ gateway: `udp://${hostPortText(gateway)}`, ...others, ...rest, ...delivery });
}

/** The report as lines for people. */
export function simulationSummary(options: SimulationOptions, report: SimulationReport): string {
  const { nodes, qos, payloadOctets, deliver } = options;
  const seconds = report.sendingMs / 1000;
  const rate = seconds > 0 ? report.sent / seconds : 0;
  const sender = deliver ? "the far end" : "the nodes";
  const lines: [string, string][] = [
    ["nodes", qos === -1 ? `${nodes}, without a connection` : connectedText(report, nodes)],
    [
      "messages",
      `${report.sent} sent by ${sender} in ${seconds.toFixed(1)} s, ${rate.toFixed(1)} a second, QoS ${qos}, ${payloadOctets} octets`,
    ],
  ];
  if (report.connectFailure !== undefined) lines.push(["not connected", report.connectFailure]);
  if (qos > 0) {
    const unanswered = report.unanswered > 0 ? `, ${report.unanswered} without an answer` : "";
    lines.push([
      "acknowledged",
      `${report.accepted}, ${report.failed} failed${unanswered}; latency ${percentilesText(report.answerLatencyMs)}`,
    ]);
  }
  if (report.delivery !== undefined) {
    const { delivered, lostAccepted, lostUnaccepted, duplicated, foreign, arrivalLatencyMs } = report.delivery;
    const lost = `${lostAccepted + lostUnaccepted} lost`;
    // Where it was the far end that looked, nobody knows what came after it had gone.
    const isUnknown = report.farEndFailure !== undefined && !deliver;
    const lostKnown = qos > 0 ? `${lost} (${lostAccepted} of them acknowledged)` : lost;
    const lostText = isUnknown ? "lost: not known" : lostKnown;
    const foreignText = foreign > 0 ? `, ${foreign} that nobody sent` : "";
    lines.push([
      "delivered",
      `${delivered}, ${lostText}, ${duplicated} duplicated${foreignText}; latency ${percentilesText(arrivalLatencyMs)}`,
    ]);
  }
  lines.push([
    "radio",
    `${counted(report.retransmissions, "retransmission")}, ${report.gaveUp} given up, ${counted(report.connectionsLost, "connection")} lost; seed ${options.seed}`,
  ]);
  if (report.farEndFailure !== undefined) {
    const until = deliver ? "" : "; nothing was counted from then on";
    lines.push(["incomplete", `${report.farEndFailure}${until}`]);
  }
  if (report.leftBehind !== undefined) lines.push(["left behind", report.leftBehind]);
  if (hasNothingArrived(report))
    lines.push(["hint", `nothing arrived: is ${urlText(options.broker)} the gateway's broker?`]);
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, text]) => `${name.padEnd(width)}${text}\n`).join("");
}

function connectedText({ connected, connectMs }: SimulationReport, nodes: number): string {
  return `${connected} of ${nodes} connected in ${(connectMs / 1000).toFixed(2)} s`;
}

/** The gateway, or the broker, took messages, and the other end saw none. */
function hasNothingArrived({ accepted, delivery }: SimulationReport): boolean {
  return accepted > 0 && delivery?.delivered === 0;
}

/** A broker's URL without what may be a password. */
function urlText(url: string | undefined): string {
  return url?.replace(/\/\/.*@/, "//") ?? "";
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function percentilesText({ p50, p99 }: { p50: number | undefined; p99: number | undefined }): string {
  return p50 === undefined ? "unknown" : `p50 ${p50} ms, p99 ${p99} ms`;
}
