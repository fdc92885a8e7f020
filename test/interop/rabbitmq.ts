import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrokerProgram } from "./broker-program.ts";
import { freePort } from "./free-port.ts";
import type { Target } from "./target.ts";

/** Debian's command becomes another user; this is what it runs as that user. */
const SERVER = BrokerProgram.find(["/usr/lib/rabbitmq/bin/rabbitmq-server"]);
const EPMD = BrokerProgram.find(["/usr/bin/epmd", "/usr/local/bin/epmd"]);

/** A RabbitMQ with its MQTT plug-in, in a folder of its own. */
export const RABBITMQ: Target = {
  name: "rabbitmq",
  title: "RabbitMQ with the plug-in rabbitmq_mqtt",
  table: "others",
  head: "RabbitMQ",
  isOptIn: true,
  missing: () =>
    SERVER === undefined || EPMD === undefined
      ? "RabbitMQ is not installed (on Debian: apt-get install rabbitmq-server)"
      : undefined,
  start: async (atEnd) => {
    const program = new BrokerProgram("rabbitmq");
    atEnd(() => program.end());
    const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
    const file = (name: string) => join(program.folder, name);
    // It answers PINGREQ past its own deliveries: with a small window a sleeping device would get the rest the next time.
    const lines = [
      "listeners.tcp = none",
      `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
      "mqtt.allow_anonymous = true",
      "mqtt.prefetch = 200",
    ];
    writeFileSync(file("rabbitmq.conf"), `${lines.join("\n")}\n`);
    writeFileSync(file("enabled_plugins"), "[rabbitmq_mqtt].\n");
    // Where there is none at this port, Erlang starts one that outlives it.
    const epmd = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: "127.0.0.1" };
    program.run({ command: EPMD!, args: [], env: epmd });
    const env = {
      ...epmd,
      RABBITMQ_NODENAME: `gateway-${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_CONFIG_FILE: file("rabbitmq"),
      RABBITMQ_CONF_ENV_FILE: file("none"),
      RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins"),
      RABBITMQ_MNESIA_BASE: file("mnesia"),
      RABBITMQ_LOG_BASE: file("log"),
      RABBITMQ_PID_FILE: file("pid"),
      RABBITMQ_LOGS: "-",
    };
    program.run({ command: SERVER!, args: [], env });
    const url = `mqtt://127.0.0.1:${port}`;
    await program.takesClients(url);
    return {
      version: /RabbitMQ (\d[\d.]*)/.exec(program.output)?.[1] ?? "unknown",
      options: { "broker.url": url, "broker.profile": "rabbitmq" },
      peer: { url },
    };
  },
  abilities: { maxQos: 1, retained: "not to wildcards", sharesSubscriptions: false },
};
