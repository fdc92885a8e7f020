import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrokerProgram } from "./broker-program.ts";
import { freePort } from "./free-port.ts";
import type { Target } from "./target.ts";

const ERLANG = BrokerProgram.find(["/usr/bin/erl", "/usr/local/bin/erl"]);
const COMMAND = BrokerProgram.find(["/usr/sbin/ejabberdctl"]);
/** Where Debian has ejabberd and what it needs. Its command becomes another user, and is not used. */
const LIBRARIES = BrokerProgram.find(["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]);

/** It lets everybody in who says of which of its hosts he is. */
const USER = { username: "gateway@localhost", password: "any" };

/** An ejabberd with its MQTT listener, in a folder of its own. */
export const EJABBERD: Target = {
  name: "ejabberd",
  title: "ejabberd with mod_mqtt",
  table: "others",
  head: "ejabberd",
  isOptIn: true,
  missing: () =>
    ERLANG === undefined || COMMAND === undefined || LIBRARIES === undefined
      ? "ejabberd is not installed (on Debian: apt-get install ejabberd)"
      : undefined,
  start: async (atEnd) => {
    const program = new BrokerProgram("ejabberd");
    atEnd(() => program.end());
    const port = await freePort();
    const file = (name: string) => join(program.folder, name);
    const lines = [
      "hosts: [localhost]",
      "loglevel: warning",
      "auth_method: [anonymous]",
      "anonymous_protocol: login_anon",
      "allow_multiple_connections: true",
      "listen:",
      `  - { port: ${port}, ip: "127.0.0.1", module: mod_mqtt }`,
      "modules: { mod_mqtt: {} }",
    ];
    writeFileSync(file("ejabberd.yml"), `${lines.join("\n")}\n`);
    // Without a node name there is no distribution, and no epmd.
    const args = ["-noinput", "-mnesia", "dir", `"${file("spool")}"`, "-s", "ejabberd"];
    const env = {
      ERL_LIBS: LIBRARIES!,
      EJABBERD_CONFIG_PATH: file("ejabberd.yml"),
      EJABBERD_LOG_PATH: file("ejabberd.log"),
      ERL_CRASH_DUMP: file("erl_crash.dump"),
    };
    program.run({ command: ERLANG!, args, env });
    const url = `mqtt://127.0.0.1:${port}`;
    await program.takesClients(url, USER);
    return {
      version: installedVersion(),
      options: { "broker.url": url, "broker.username": USER.username, "broker.password": USER.password },
      peer: { url, options: USER },
    };
  },
  abilities: { sharesSubscriptions: false },
};

/** It writes none to its log; the folder of its code has it in its name. */
function installedVersion(): string {
  const folder = readdirSync(LIBRARIES!).find((name) => name.startsWith("ejabberd-"));
  return /^ejabberd-(\d[\d.]*)/.exec(folder ?? "")?.[1] ?? "unknown";
}
