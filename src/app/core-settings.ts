import { DEFAULT_SETTINGS, type Settings } from "../gateway/settings.ts";
import type { OptionValues } from "./options.ts";

/** The core's settings as the options say them. */
export function coreSettings(options: OptionValues): Settings {
  return {
    ...DEFAULT_SETTINGS,
    tRetryMs: options["clients.retry_interval"],
    nRetry: options["clients.retry_count"],
    keepAliveFactor: options["clients.keep_alive_factor"],
    idleLimitMs: options["clients.idle_limit"],
    connectTimeoutMs: options["broker.connect_timeout"],
    clientsMax: options["clients.max"],
    clientIdOctetsMax: options["clients.max_client_id_length"],
    topicsMax: options["clients.max_topics"],
    topicOctetsMax: options["clients.max_topic_length"],
    subscriptionsMax: options["clients.max_subscriptions"],
    inFlightMax: options["clients.max_in_flight"],
    queuedMax: options["clients.max_queued"],
    queuedOctetsMax: options["clients.max_queued_bytes"],
    awakeMessagesMax: options["clients.max_awake_messages"],
    datagramOctetsMax: options["clients.max_datagram"],
    strangerAnswersPerSecond: options["clients.max_stranger_answers"],
    predefinedTopics: options["topics.predefined"] ?? [],
  };
}
