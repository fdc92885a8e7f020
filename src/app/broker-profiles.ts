/** What an option is set to by a profile, as one would write it in the file; options that are set anywhere go before. */
export type Profile = Readonly<Record<string, string | number | boolean>>;

/** What each kind of broker can and cannot do, said in options. */
export const BROKER_PROFILES = {
  generic: {},
  mosquitto: {},
  rabbitmq: {},
  nats: {},
  "hivemq-cloud": {},
  "emqx-serverless": {},
  "adafruit-io": {},
  "azure-iot-hub": {},
} as const satisfies Record<string, Profile>;
