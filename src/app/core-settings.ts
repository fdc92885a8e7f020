import type { MqttQoS } from "../gateway/packet.ts";
import { DEFAULT_SETTINGS, type Settings } from "../gateway/settings.ts";
import { clientIdIn } from "../gateway/template.ts";
import { clientIdPatterns } from "./configuration/client-rules.ts";
import { NOTHING_KEPT } from "./configuration/nothing-kept.ts";
import type { OptionValues } from "./configuration/options.ts";
import { OWN_CLIENT_ID_PREFIX } from "./configuration/own-connection-warnings.ts";

/** The core's settings as the options say them. */
export function coreSettings(options: OptionValues): Settings {
  return {
    ...DEFAULT_SETTINGS,
    gatewayId: options["gateway.id"],
    discovery: options["discovery.enabled"],
    // Its Duration is in whole seconds.
    advertiseIntervalMs: Math.round(options["discovery.advertise_interval"] / 1000) * 1000,
    standby: options["discovery.standby"],
    advertiseRadius: options["discovery.radius"],
    forwarders: options["forwarders.enabled"],
    qosMinusOne: options["clients.qos_minus_one"],
    qosMinusOnePerSourcePerSecond: options["clients.max_qos_minus_one_source_rate"],
    qosMinusOnePerSecond: options["clients.max_qos_minus_one_rate"],
    wakeByConnect: options["clients.wake_by_connect"],
    migrateOnWake: options["clients.migrate_on_wake"],
    clientIdsAllowed: clientIdPatterns(options["clients.allow"]),
    clientIdsDenied: clientIdPatterns(options["clients.deny"]),
    clientIdsReserved: reservedClientIds(options),
    setUpsMax: options["clients.max_half_open"],
    connectsPerSecond: options["clients.max_connect_rate"],
    tRetryMs: options["clients.retry_interval"],
    nRetry: options["clients.retry_count"],
    keepAliveFactor: options["clients.keep_alive_factor"],
    idleLimitMs: options["clients.idle_limit"],
    connectTimeoutMs: options["broker.connect_timeout"],
    reconnectMinMs: options["broker.reconnect_min"],
    reconnectMaxMs: options["broker.reconnect_max"],
    reconnectsPerSecond: options["broker.max_reconnect_rate"],
    outageLimitMs: options["broker.outage_limit"],
    savesSessions: options["state.path"] !== NOTHING_KEPT,
    clientsMax: options["clients.max"],
    clientIdOctetsMax: options["clients.max_client_id_length"],
    topicsMax: options["clients.max_topics"],
    willMsgOctetsMax: options["clients.max_will_length"],
    topicOctetsMax: options["clients.max_topic_length"],
    subscriptionsMax: options["clients.max_subscriptions"],
    inFlightMax: options["clients.max_in_flight"],
    queuedMax: options["clients.max_queued"],
    queuedOctetsMax: options["clients.max_queued_bytes"],
    bufferedOctetsMax: options["clients.max_buffered_bytes"],
    namesOctetsMax: options["clients.max_topic_bytes"],
    awakeMessagesMax: options["clients.max_awake_messages"],
    datagramOctetsMax: options["clients.max_datagram"],
    strangerAnswersPerSecond: options["clients.max_stranger_answers"],
    predefinedTopics: (options["topics.predefined"] ?? []).map(({ id, topic, client }) => ({
      id,
      topic,
      clientId: client,
    })),
    mountpoint: options["topics.mountpoint"],
    brokerMaxQos: options["broker.max_qos"] as MqttQoS,
    brokerRetains: options["broker.retain"] === "keep",
    forbiddenInTopics: options["broker.forbidden_characters"],
  };
}

/**
 * Ids of the gateway's own connection. Two connections with one client id would throw each other out for ever, and who has an id of it would
 * be given its credentials (clients.credentials).
 */
function reservedClientIds(options: OptionValues): string[] {
  const own = options["broker.own_client_id"];
  if (own === undefined) return [`${OWN_CLIENT_ID_PREFIX}*`];
  const asClient = clientIdIn(options["broker.client_id"], own);
  return asClient === undefined || asClient === own ? [own] : [own, asClient];
}
