import { expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";
import { coreSettings } from "../../src/app/core-settings.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";

/** Of each option that the core is told of: its key, a value that no other one has here, and what the core gets. */
const TOLD: readonly (readonly [OptionKey, string, Partial<Settings>])[] = [
  ["gateway.id", "7", { gatewayId: 7 }],
  ["discovery.enabled", "false", { discovery: false }],
  ["discovery.advertise_interval", "1001s", { advertiseIntervalMs: 1_001_000 }],
  ["discovery.standby", "true", { standby: true }],
  ["discovery.radius", "8", { advertiseRadius: 8 }],
  ["forwarders.enabled", "false", { forwarders: false }],
  ["clients.qos_minus_one", "false", { qosMinusOne: false }],
  ["clients.max_qos_minus_one_source_rate", "901", { qosMinusOnePerSourcePerSecond: 901 }],
  ["clients.max_qos_minus_one_rate", "902", { qosMinusOnePerSecond: 902 }],
  ["clients.wake_by_connect", "prompt", { wakeByConnect: "prompt" }],
  ["clients.migrate_on_wake", "true", { migrateOnWake: true }],
  ["clients.allow", "a*,10.0.0.0/8", { clientIdsAllowed: ["a*"] }],
  ["clients.deny", "b*,fd00::/8", { clientIdsDenied: ["b*"] }],
  ["broker.own_client_id", "gateway", { clientIdsReserved: ["gateway"] }],
  ["clients.max_half_open", "903", { setUpsMax: 903 }],
  ["clients.max_connect_rate", "904", { connectsPerSecond: 904 }],
  ["clients.retry_interval", "905ms", { tRetryMs: 905 }],
  ["clients.retry_count", "9", { nRetry: 9 }],
  ["clients.keep_alive_factor", "1.25", { keepAliveFactor: 1.25 }],
  ["clients.idle_limit", "906s", { idleLimitMs: 906_000 }],
  ["broker.connect_timeout", "907ms", { connectTimeoutMs: 907 }],
  ["clients.max", "908", { clientsMax: 908 }],
  ["clients.max_client_id_length", "909", { clientIdOctetsMax: 909 }],
  ["clients.max_topics", "910", { topicsMax: 910 }],
  ["clients.max_will_length", "911", { willMsgOctetsMax: 911 }],
  ["clients.max_topic_length", "912", { topicOctetsMax: 912 }],
  ["clients.max_subscriptions", "913", { subscriptionsMax: 913 }],
  ["clients.max_in_flight", "914", { inFlightMax: 914 }],
  ["clients.max_queued", "915", { queuedMax: 915 }],
  ["clients.max_queued_bytes", "916", { queuedOctetsMax: 916 }],
  ["clients.max_buffered_bytes", "920000", { bufferedOctetsMax: 920_000 }],
  ["clients.max_topic_bytes", "921000", { namesOctetsMax: 921_000 }],
  ["broker.reconnect_min", "922ms", { reconnectMinMs: 922 }],
  ["broker.reconnect_max", "923s", { reconnectMaxMs: 923_000 }],
  ["broker.max_reconnect_rate", "924", { reconnectsPerSecond: 924 }],
  ["broker.outage_limit", "925ms", { outageLimitMs: 925 }],
  ["state.path", "memory:", { savesSessions: false }],
  ["clients.max_awake_messages", "917", { awakeMessagesMax: 917 }],
  ["clients.max_datagram", "918", { datagramOctetsMax: 918 }],
  ["topics.mountpoint", `m/\${clientId}/`, { mountpoint: `m/\${clientId}/` }],
  ["broker.max_qos", "1", { brokerMaxQos: 1 }],
  ["broker.retain", "strip", { brokerRetains: false }],
  ["broker.forbidden_characters", ". ", { forbiddenInTopics: ". " }],
  ["clients.max_stranger_answers", "919", { strangerAnswersPerSecond: 919 }],
];

test.each(TOLD)("%s, here %s, is the setting of the core that it says, and no other", (key, text, told) => {
  const configuration = loadConfiguration({ flags: new Map([[key, text]]), configFlag: undefined, environment: {} });
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  expect(coreSettings(configuration.values)).toEqual({ ...DEFAULT_SETTINGS, savesSessions: true, ...told });
});

test.each([
  [`\${clientId}`, "gateway", ["gateway"]],
  [`a-\${clientId}-b`, "a-gateway-b", ["a-gateway-b", "gateway"]],
  [`\${clientId}-\${clientId}`, "x-x", ["x-x", "x"]],
  [`\${clientId}-\${clientId}`, "x-y", ["x-y"]],
  [`a-\${clientId}`, "gateway", ["gateway"]],
  [`a-\${clientId}`, undefined, ["mqtt-sn-gateway-*"]],
])("with client ids %s and the own id %s no client has %s", (template, own, reserved) => {
  const flags = new Map<OptionKey, string>([["broker.client_id", template]]);
  if (own !== undefined) flags.set("broker.own_client_id", own);
  const configuration = loadConfiguration({ flags, environment: {} });
  expect(configuration.ok && coreSettings(configuration.values).clientIdsReserved).toEqual(reserved);
});
