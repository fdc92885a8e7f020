import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrokerProgram } from "./broker-program.ts";
import { freePort } from "./free-port.ts";
import type { Target } from "./target.ts";

const SERVER = BrokerProgram.find(["/usr/sbin/nats-server", "/usr/local/bin/nats-server", "/usr/bin/nats-server"]);

/** A NATS server with its MQTT listener, in a folder of its own. */
export const NATS: Target = {
  name: "nats",
  title: "NATS",
  table: "others",
  head: "NATS",
  isOptIn: true,
  missing: () =>
    SERVER === undefined ? "nats-server is not installed (on Debian: apt-get install nats-server)" : undefined,
  start: async (atEnd) => {
    const program = new BrokerProgram("nats");
    atEnd(() => program.end());
    const port = await freePort();
    const file = join(program.folder, "nats.conf");
    // MQTT sessions are kept in JetStream, and that asks for a name of the server.
    const lines = [
      "server_name: gateway-test",
      `listen: 127.0.0.1:${await freePort()}`,
      `jetstream: { store_dir: "${program.folder}" }`,
      // By default it waits for half a minute before it sends again what was not acknowledged over the connection of before.
      `mqtt: { host: "127.0.0.1", port: ${port}, ack_wait: "1s" }`,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    program.run({ command: SERVER!, args: ["-c", file] });
    const url = `mqtt://127.0.0.1:${port}`;
    await program.takesClients(url);
    return {
      version: /Version:\s+(\S+)/.exec(program.output)?.[1] ?? "unknown",
      options: { "broker.url": url, "broker.profile": "nats" },
      peer: { url },
    };
  },
  abilities: { maxQos: 1, sharesSubscriptions: false },
};
