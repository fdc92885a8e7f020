import { hostPortText } from "./host-port.ts";
import type { SimulationOptions, SimulationReport } from "./simulation.ts";

/** Whether all is well: the nodes connected, nothing acknowledged is missing, and at QoS 2 nothing came twice. */
export function isSimulationClean(options: SimulationOptions, report: SimulationReport): boolean {
  if (report.connected < options.nodes || report.farEndFailure !== undefined) return false;
  const { delivery } = report;
  if (delivery === undefined || options.qos === 0) return true;
  return delivery.lostAccepted === 0 && (options.qos < 2 || delivery.duplicated === 0);
}

/** The report with the options that led to it, as one JSON object; what arrived only where somebody looked. */
export function simulationJson(options: SimulationOptions, report: SimulationReport): string {
  const { gateway, ...others } = options;
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
    ["nodes", `${report.connected} of ${nodes} connected in ${(report.connectMs / 1000).toFixed(2)} s`],
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
    const lostText = qos > 0 ? `${lost} (${lostAccepted} of them acknowledged)` : lost;
    const foreignText = foreign > 0 ? `, ${foreign} that nobody sent` : "";
    lines.push([
      "delivered",
      `${delivered}, ${lostText}, ${duplicated} duplicated${foreignText}; latency ${percentilesText(arrivalLatencyMs)}`,
    ]);
  }
  lines.push([
    "radio",
    `${report.retransmissions} retransmissions, ${report.gaveUp} given up, ${report.connectionsLost} connections lost; seed ${options.seed}`,
  ]);
  if (report.farEndFailure !== undefined) lines.push(["incomplete", report.farEndFailure]);
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, text]) => `${name.padEnd(width)}${text}\n`).join("");
}

function percentilesText({ p50, p99 }: { p50: number | undefined; p99: number | undefined }): string {
  return p50 === undefined ? "unknown" : `p50 ${p50} ms, p99 ${p99} ms`;
}
