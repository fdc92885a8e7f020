/** A version of MQTT, as CONNECT says it: 4 is MQTT 3.1.1. */
export type MqttVersion = 4 | 5;
