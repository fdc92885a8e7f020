/** What is told of the gateway to Home Assistant. */
interface DiscoveredGateway {
  /** bridge.base_topic. */
  base: string;
  /** Begins the topic that Home Assistant listens at. */
  prefix: string;
  version: string;
  healthIntervalMs: number;
}

/** Figures that are missing for so many intervals are shown as unknown. */
const EXPIRES_AFTER_INTERVALS = 3;

/**
 * The message by which Home Assistant (2024.11 or later) shows the gateway as a device with its figures: device discovery, one message for all
 * of it, at `<prefix>/device/<id>/config`.
 */
export function bridgeDiscovery({ base, prefix, version, healthIntervalMs }: DiscoveredGateway): {
  topic: string;
  payload: Record<string, unknown>;
} {
  const id = idOf(base);
  const state = `${base}/bridge/state`;
  const sensor = (name: string, key: string, more: Record<string, unknown>) => [
    `${id}_${key}`,
    {
      platform: "sensor",
      unique_id: `${id}_${key}`,
      name,
      availability: [{ topic: state, value_template: "{{ value_json.state }}" }],
      expire_after: Math.ceil((healthIntervalMs * EXPIRES_AFTER_INTERVALS) / 1000),
      entity_category: "diagnostic",
      ...more,
    },
  ];
  const measured = (path: string) => ({ value_template: `{{ value_json.${path} }}`, state_class: "measurement" });
  const payload = {
    device: {
      identifiers: [id],
      name: `MQTT-SN gateway (${base})`,
      model: "MQTT-SN gateway",
      manufacturer: "mqtt-sn-gateway",
      sw_version: version,
    },
    origin: { name: "mqtt-sn-gateway", sw_version: version },
    state_topic: `${base}/bridge/health`,
    components: {
      [`${id}_connection`]: {
        platform: "binary_sensor",
        unique_id: `${id}_connection`,
        name: "Connection",
        device_class: "connectivity",
        entity_category: "diagnostic",
        // Its own state is whether it is there: it is always available.
        state_topic: state,
        value_template: "{{ value_json.state }}",
        payload_on: "online",
        payload_off: "offline",
      },
      ...Object.fromEntries([
        sensor("Clients", "clients", measured("clients.connected")),
        sensor("Sleeping clients", "clients_asleep", measured("clients.asleep")),
        sensor("Messages", "messages", {
          ...measured("messages.per_minute"),
          unit_of_measurement: "messages/min",
          suggested_display_precision: 0,
        }),
        sensor("Waiting messages", "messages_waiting", measured("messages.waiting")),
        sensor("Broker outages", "broker_outages", {
          value_template: "{{ value_json.mqtt.outages }}",
          state_class: "total_increasing",
        }),
      ]),
    },
  };
  return { topic: `${prefix}/device/${id}/config`, payload };
}

/** An id of the characters that Home Assistant takes, another one for each base topic. */
function idOf(base: string): string {
  const id = base.replace(/[^A-Za-z0-9-]/gu, (character) => {
    return character === "_" ? "__" : `_${character.codePointAt(0)!.toString(16)}_`;
  });
  return id.startsWith("mqttsn") ? id : `mqttsn_${id}`;
}
