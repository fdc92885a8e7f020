import type { AnsweredQoS, Direction, Tally } from "./message-ledger.ts";

/** What a run has seen. */
export interface KillReport {
  seed: number;
  /** How often the gateway was killed, and the broker started again. */
  kills: number;
  brokerRestarts: number;
  messages: { direction: Direction; qos: AnsweredQoS; tally: Tally }[];
  /** Awake periods of sleeping devices that ended with PINGRESP, and without. */
  wakeUps: { answered: number; unanswered: number };
  /** How often devices whose sessions were to survive have lost their connection. */
  connectionsLost: number;
  /** Messages of QoS 2 that came twice because Mosquitto sent them again against the rules. */
  repeatedByBroker: number;
  /** Topic ids that stood for another name when the numbering had come round. */
  topicIdsReused: number;
  /** What is wrong, each with the second of the run. */
  violations: string[];
}

/** The report in lines for people. */
export function reportText({
  seed,
  kills,
  brokerRestarts,
  messages,
  wakeUps,
  connectionsLost,
  repeatedByBroker,
  topicIdsReused,
  violations,
}: KillReport): string {
  const lines = [
    `seed ${seed}: the gateway was killed ${kills} times, the broker started again ${brokerRestarts} times`,
  ];
  for (const { direction, qos, tally } of messages) {
    const { sent, accepted, arrived, lost, duplicated } = tally;
    const what = direction === "up" ? "from devices" : "to devices";
    lines.push(
      `  ${what}, QoS ${qos}: ${sent} sent, ${accepted} accepted, ${arrived} arrived, ${lost} lost, ${duplicated} duplicated`,
    );
  }
  lines.push(`  wake-ups: ${wakeUps.answered} answered, ${wakeUps.unanswered} not`);
  if (repeatedByBroker > 0) lines.push(`  duplicates of QoS 2 that are the broker's, by its log: ${repeatedByBroker}`);
  if (topicIdsReused > 0) lines.push(`  topic ids of before four restarts that came again: ${topicIdsReused}`);
  lines.push(`  connections lost that should have survived: ${connectionsLost}`);
  return [...lines, ...violations.map((violation) => `  wrong: ${violation}`)].join("\n");
}
