import type { SimulationOptions, SimulationReport } from "./simulation.ts";

/** Whether all is well: the nodes connected, nothing acknowledged is missing, and at QoS 2 nothing came twice. */
export function isSimulationClean(options: SimulationOptions, report: SimulationReport): boolean {
  if (report.connected < options.nodes || report.farEndFailure !== undefined) return false;
  if (report.arrivalLatencyMs === undefined || options.qos === 0) return true;
  return report.lostAccepted === 0 && (options.qos < 2 || report.duplicated === 0);
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
    const pending = report.pending > 0 ? `, ${report.pending} without an answer` : "";
    lines.push([
      "acknowledged",
      `${report.accepted}, ${report.failed} failed${pending}; latency ${percentilesText(report.answerLatencyMs)}`,
    ]);
  }
  if (report.arrivalLatencyMs !== undefined) {
    const lost = report.lostAccepted + report.lostUnaccepted;
    const lostText = qos > 0 ? `${lost} lost (${report.lostAccepted} of them acknowledged)` : `${lost} lost`;
    const foreign = report.foreign > 0 ? `, ${report.foreign} that nobody sent` : "";
    lines.push([
      "delivered",
      `${report.delivered}, ${lostText}, ${report.duplicated} duplicated${foreign}; latency ${percentilesText(report.arrivalLatencyMs)}`,
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
