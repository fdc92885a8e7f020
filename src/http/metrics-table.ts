import type { CountsByReason, DurationReading, MetricsReading, TrafficReading } from "./metrics-reading.ts";

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: what it is, and what it comes to. `labels` says what each label means; a label never has to do with one client. */
export type MetricEntry = {
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
} & (
  | { readonly type: "counter" | "gauge"; readonly samples: (reading: MetricsReading) => readonly Sample[] }
  | { readonly type: "histogram"; readonly durations: (reading: MetricsReading) => DurationReading }
);

const DIRECTION = "`in`: to the gateway, `out`: from it";
const MESSAGE_TYPE = "the standard's name, such as `PUBLISH`; `malformed` where there is no header of a message";
const REASON = "one word, [below](#reasons)";

/** Every metric of the gateway by its name; docs/metrics.md is made from this. Names and labels are stable: dashboards rely on them. */
export const METRICS: Readonly<Record<string, MetricEntry>> = {
  mqttsn_build_info: {
    type: "gauge",
    help: "Always 1; the labels say what runs.",
    labels: { version: "of the gateway", node: "the version of Node.js", gateway_id: "`gateway.id`" },
    samples: ({ version, node, gatewayId }) => [{ labels: { version, node, gateway_id: String(gatewayId) }, value: 1 }],
  },
  mqttsn_clients: {
    type: "gauge",
    help: "Clients by state; those that are gone as far as they are remembered.",
    labels: {
      state:
        "`connecting`, `active`, `asleep`, `awake`; gone: `disconnected`, `lost`, `refused` (never let in), `abandoned` (CONNECT not finished)",
    },
    samples: ({ clients }) => byLabel("state", clients),
  },
  mqttsn_clients_max: {
    type: "gauge",
    help: "Sessions there may be at once (clients.max).",
    labels: {},
    samples: ({ clientsMax }) => only(clientsMax),
  },
  mqttsn_messages_total: {
    type: "counter",
    help: "MQTT-SN messages by type; those of forwarders by what is in the envelope.",
    labels: { direction: DIRECTION, type: MESSAGE_TYPE },
    samples: (reading) => eachWay(reading, ({ messages }) => messages.map(({ type, count }) => [{ type }, count])),
  },
  mqttsn_message_bytes_total: {
    type: "counter",
    help: "Octets of the datagrams of these messages, the envelopes of forwarders included.",
    labels: { direction: DIRECTION, type: MESSAGE_TYPE },
    samples: (reading) => eachWay(reading, ({ messages }) => messages.map(({ type, octets }) => [{ type }, octets])),
  },
  mqttsn_answers_total: {
    type: "counter",
    help: "Answers with a return code: how exchanges ended.",
    labels: {
      direction: DIRECTION,
      type: "`CONNACK`, `REGACK`, `PUBACK`, `SUBACK`, `WILLTOPICRESP`, `WILLMSGRESP`",
      return_code: "`accepted`, `congestion`, `invalid_topic_id`, `not_supported`, `reserved`",
    },
    samples: (reading) =>
      eachWay(reading, ({ answers }) =>
        answers.map(({ type, returnCode, count }) => [{ type, return_code: returnCode }, count]),
      ),
  },
  mqttsn_publishes_total: {
    type: "counter",
    help: "Messages of clients that the broker has: with QoS 1 and 2 acknowledged by it.",
    labels: { qos: "`0`, `1`, `2`, as the client sent it; `-1`: without a connection" },
    samples: ({ published, publishedWithoutConnection }) => [
      ...byQos(published),
      { labels: { qos: "-1" }, value: publishedWithoutConnection },
    ],
  },
  mqttsn_deliveries_total: {
    type: "counter",
    help: "Messages of the broker that clients have: with QoS 1 and 2 acknowledged by them.",
    labels: { qos: "`0`, `1`, `2`" },
    samples: ({ delivered }) => byQos(delivered),
  },
  mqttsn_publish_duration_seconds: {
    type: "histogram",
    help: "From a client's PUBLISH with QoS 1 or 2 to the broker's acknowledgement.",
    labels: {},
    durations: ({ publishDurations }) => publishDurations,
  },
  mqttsn_delivery_duration_seconds: {
    type: "histogram",
    help: "From sending a message with QoS 1 or 2, or the REGISTER before it, to the client's acknowledgement.",
    labels: {},
    durations: ({ deliveryDurations }) => deliveryDurations,
  },
  mqttsn_retransmissions_total: {
    type: "counter",
    help: "Messages sent once more for want of an answer: PUBLISHes of clients, and messages to clients.",
    labels: { direction: DIRECTION },
    samples: ({ repeatedByClients, repeatedToClients }) =>
      byLabel("direction", { in: repeatedByClients, out: repeatedToClients }),
  },
  mqttsn_wake_ups_total: {
    type: "counter",
    help: "How often sleeping clients came to ask for their messages.",
    labels: {},
    samples: ({ wakeUps }) => only(wakeUps),
  },
  mqttsn_refusals_total: {
    type: "counter",
    help: "Requests of clients that were refused.",
    labels: { request: "`connect`, `publish`, `register`, `subscribe`, `will_update`", reason: REASON },
    samples: ({ refusals }) => byReason("request", refusals),
  },
  mqttsn_drops_total: {
    type: "counter",
    help: "What was given up without an answer.",
    labels: {
      what: "`datagram`: one that is not a message for a gateway; `delivery`: a message for a client; `qos_minus_one`: a PUBLISH without a connection; `search`: a SEARCHGW",
      reason: REASON,
    },
    samples: ({ drops }) => byReason("what", drops),
  },
  mqttsn_source_refusals_total: {
    type: "counter",
    help: "Datagrams of sources that clients.allow or clients.deny keeps out. They are counted nowhere else.",
    labels: {},
    samples: ({ datagramsRefused }) => only(datagramsRefused),
  },
  mqttsn_clients_gone_total: {
    type: "counter",
    help: "Clients that went.",
    labels: {
      how: "`disconnected`: it said so, or was told; `lost`: its will fires; `abandoned`: it did not finish its CONNECT",
      reason: REASON,
    },
    samples: ({ gone }) => byReason("how", gone),
  },
  mqttsn_limits_reached_total: {
    type: "counter",
    help: "How often a limit of the configuration kept something back.",
    labels: { limit: "its key, such as `clients.max_queued`" },
    samples: ({ limitsReached }) => byLabel("limit", limitsReached),
  },
  mqttsn_queued_messages: {
    type: "gauge",
    help: "Messages that wait in the gateway, to and from all clients.",
    labels: {},
    samples: ({ queuedMessages }) => only(queuedMessages),
  },
  mqttsn_queued_bytes: {
    type: "gauge",
    help: "The memory that they take.",
    labels: {},
    samples: ({ queuedOctets }) => only(queuedOctets),
  },
  mqttsn_queued_bytes_max: {
    type: "gauge",
    help: "The memory that they may take (clients.max_buffered_bytes).",
    labels: {},
    samples: ({ queuedOctetsMax }) => only(queuedOctetsMax),
  },
  mqttsn_mqtt_packets_total: {
    type: "counter",
    help: "MQTT packets of clients' broker connections by type.",
    labels: { direction: "`to_broker`, `from_broker`", type: "`publish`, `puback` …" },
    samples: ({ packetsToBroker, packetsFromBroker }) => [
      ...byLabel("type", packetsToBroker, { direction: "to_broker" }),
      ...byLabel("type", packetsFromBroker, { direction: "from_broker" }),
    ],
  },
  mqttsn_links: {
    type: "gauge",
    help: "Clients' connections to the broker.",
    labels: { state: "`opening`, `open`" },
    samples: ({ links: { opening, open } }) => byLabel("state", { opening, open }),
  },
  mqttsn_link_attempts_total: {
    type: "counter",
    help: "Attempts to make a client's connection to the broker.",
    labels: { result: "`accepted`, `refused` by the broker, `failed`: there was no answer" },
    samples: ({ linkAttempts: { accepted, refused, failed } }) => byLabel("result", { accepted, refused, failed }),
  },
  mqttsn_link_losses_total: {
    type: "counter",
    help: "Clients' connections to the broker that ended without our asking. They are made anew under the client.",
    labels: {},
    samples: ({ notes }) => only(notes["link.closed"]),
  },
  mqttsn_broker_reachable: {
    type: "gauge",
    help: "1 while the gateway's own connection to the broker is there, else 0.",
    labels: {},
    samples: ({ brokerReachable }) => only(brokerReachable ? 1 : 0),
  },
  mqttsn_broker_outages_total: {
    type: "counter",
    help: "How often the broker could not be reached any more.",
    labels: {},
    samples: ({ brokerOutages }) => only(brokerOutages),
  },
  mqttsn_state_writes_total: {
    type: "counter",
    help: "Writes of what is to survive a restart; none where state.path is memory:.",
    labels: { result: "`done`, `failed`" },
    samples: ({ stateWrites }) =>
      stateWrites === undefined ? [] : byLabel("result", { done: stateWrites.done, failed: stateWrites.failed }),
  },
  mqttsn_events_total: {
    type: "counter",
    help: "Everything that the gateway notes of its clients, by the name that it has in the log.",
    labels: { event: "such as `client.connected`; what each means is in [docs/log.md](log.md)" },
    samples: ({ notes }) => byLabel("event", notes),
  },
  mqttsn_log_lines_omitted_total: {
    type: "counter",
    help: "Lines that the log left out, as there were too many in one second.",
    labels: {},
    samples: ({ logLinesOmitted }) => only(logLinesOmitted),
  },
  mqttsn_event_loop_delay_p99_seconds: {
    type: "gauge",
    help: "How late the gateway came to do what was due: 99 of 100 times no later than this, in the last one to two minutes.",
    labels: {},
    samples: ({ eventLoopDelayP99Ms }) => only(eventLoopDelayP99Ms / 1000),
  },
  mqttsn_event_loop_delay_max_seconds: {
    type: "gauge",
    help: "The same, the longest delay.",
    labels: {},
    samples: ({ eventLoopDelayMaxMs }) => only(eventLoopDelayMaxMs / 1000),
  },
};

function only(value: number): Sample[] {
  return [{ labels: {}, value }];
}

function byLabel(label: string, counts: CountsByReason, others: Readonly<Record<string, string>> = {}): Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ labels: { ...others, [label]: key }, value: value ?? 0 }));
}

function byQos(counts: readonly number[]): Sample[] {
  return counts.map((value, qos) => ({ labels: { qos: String(qos) }, value }));
}

function byReason(label: string, counts: Readonly<Record<string, CountsByReason>>): Sample[] {
  return Object.entries(counts).flatMap(([key, reasons]) => byLabel("reason", reasons, { [label]: key }));
}

function eachWay(
  reading: MetricsReading,
  lines: (traffic: TrafficReading) => [labels: Record<string, string>, value: number][],
): Sample[] {
  return (["in", "out"] as const).flatMap((direction) =>
    lines(reading[direction]).map(([labels, value]) => ({ labels: { direction, ...labels }, value })),
  );
}
