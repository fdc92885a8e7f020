/**
 * What kinds of broker can and cannot do, said in options. What is set anywhere else goes before; so a profile that has become too strict for
 * a newer broker is loosened by an option.
 */
export interface BrokerProfile {
  /** Values as one would write them in the file; `${host}` stands for the host of broker.url. */
  options: Readonly<Record<string, string | number | boolean>>;
  /** What has to be said besides, for the broker takes nobody without. */
  needs?: readonly ProfileNeed[];
  /** The longest keep alive that the broker takes, in milliseconds. */
  keepAliveMsMax?: number;
}

/**
 * `tls`: an encrypted URL. `username`, `certificate`, `sas`: what clients show, one of those that are named. `own-client-id`: a name for the
 * gateway's own connection, which the broker has to know. `plain-client-id`: the client's id as it is. `alpn-at-443`: that MQTT is asked
 * for where the port is that of the web.
 */
export type ProfileNeed =
  | "tls"
  | "username"
  | "username-or-certificate"
  | "sas-or-certificate"
  | "own-client-id"
  | "plain-client-id"
  | "alpn-at-443";

export const BROKER_PROFILES = {
  /** MQTT 3.1.1 as the standard has it. */
  generic: { options: {} },

  /** 1.6 or later, for only with MQTT 5 it says that it denies a PUBLISH, and why it ends a connection. An older one is met with 3.1.1. */
  mosquitto: { options: { "broker.version": 5 } },

  /**
   * Answers a PUBLISH of QoS 2 with PUBACK. Retains nothing for filters with wildcards (3.x). Rewrites topics: `*` becomes `+`, which nobody
   * can be sent, and `.` becomes `/`: where that is not what is wanted, add the dot to broker.forbidden_characters. Closes the connection
   * on MQTT 5 before 3.13; from there on broker.version 5 may be set.
   */
  rabbitmq: { options: { "broker.version": 4, "broker.max_qos": 1, "broker.forbidden_characters": "*" } },

  /**
   * 2.9 closes the connection for QoS 2, and for a topic with a space or a dot; what has a tab or `>` in its topic is acknowledged and lost.
   * 2.10 and later take QoS 2 and dots: there set broker.max_qos 2 and broker.forbidden_characters " \t>". MQTT 3.1.1 only.
   */
  nats: { options: { "broker.version": 4, "broker.max_qos": 1, "broker.forbidden_characters": " .\t>" } },

  /** TLS with server name only, at port 8883; nobody without credentials. */
  "hivemq-cloud": { options: { "broker.version": 5 }, needs: ["tls", "username-or-certificate"] },

  /**
   * TLS only, at port 8883 (WebSocket: 8084, path /mqtt); nobody without a user name. 1000 connections at once, shared with all that else
   * connects there, and 1000 requests a second: a slow return after an outage leaves room for the rest.
   */
  "emqx-serverless": {
    options: { "broker.version": 5, "broker.max_reconnect_rate": 50 },
    needs: ["tls", "username"],
  },

  /**
   * Closes the connection for QoS 2 and does not retain (a topic followed by /get asks for its last value). Takes only topics of the account's
   * own, which what the gateway tells of itself is not below. Who tries to connect more than 20
   * times a minute, all clients of an account together, is banned for a while.
   */
  "adafruit-io": {
    options: {
      "broker.version": 4,
      "broker.max_qos": 1,
      "broker.retain": "strip",
      "broker.reconnect_min": "10s",
      "broker.reconnect_max": "5m",
      "broker.max_reconnect_rate": 1,
      "bridge.enabled": false,
    },
    needs: ["username"],
  },

  /**
   * Every client is a device of the hub with the same id, and so is the gateway's own connection. Closes the connection for QoS 2, for
   * topics other than the hub's own (devices/${clientId}/messages/events/), and where a token has expired; retains nothing. The smallest
   * hub takes 100 connections a second.
   */
  "azure-iot-hub": {
    options: {
      "broker.version": 4,
      "broker.username": `\${host}/\${clientId}/?api-version=2021-04-12`,
      "broker.max_qos": 1,
      "broker.retain": "strip",
      "broker.max_reconnect_rate": 100,
      "bridge.enabled": false,
    },
    needs: ["tls", "sas-or-certificate", "plain-client-id", "own-client-id"],
    keepAliveMsMax: 1_177_000,
  },

  /**
   * Closes the connection for QoS 2, and for what the policy of the certificate does not allow: it has to allow the gateway's own
   * connection too. Where it allows the topics below bridge.base_topic as well, also as a will, bridge.enabled may be set. At port 443 it
   * wants broker.alpn x-amzn-mqtt-ca.
   */
  "aws-iot": {
    options: { "broker.version": 5, "broker.max_qos": 1, "bridge.enabled": false },
    needs: ["tls", "username-or-certificate", "alpn-at-443"],
    keepAliveMsMax: 1_200_000,
  },
} as const satisfies Record<string, BrokerProfile>;
