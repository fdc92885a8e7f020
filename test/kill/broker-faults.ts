const LINE =
  /(?<what>Received PUBREC|Received PUBCOMP|Sending PUBLISH) (?:from|to) (?<clientId>\S+) \((?:Mid: (?<answered>\d+)|d\d, q2, r\d, m(?<sent>\d+), '(?<topic>[^']*)')/;

/**
 * Messages of QoS 2 that Mosquitto sent again although it had received PUBREC, which MQTT forbids (MQTT-4.3.3-1): 2.0.11 does so when a
 * connection breaks while it sends PUBREL at a reconnect. By its log; each as client id and topic.
 */
export function brokerFaults(log: string): Set<string> {
  const received = new Set<string>();
  const faults = new Set<string>();
  for (const line of log.split("\n")) {
    const found = LINE.exec(line)?.groups;
    if (found === undefined) continue;
    const { what, clientId, answered, sent, topic } = found;
    const exchange = `${clientId} ${answered ?? sent}`;
    if (what === "Received PUBREC") received.add(exchange);
    else if (what === "Received PUBCOMP") received.delete(exchange);
    else if (received.delete(exchange)) faults.add(`${clientId} ${topic}`);
  }
  return faults;
}
