/**
 * Writes the gateway's configuration that the options of the add-on come to, to standard output (JSON, which is YAML):
 * node options.mjs <file with the options>. Where they name no broker, it is the one that Home Assistant knows.
 */
import { readFileSync } from "node:fs";

const options = JSON.parse(readFileSync(process.argv[2], "utf8"));
const broker = options.broker_url
  ? { url: options.broker_url, username: options.broker_username, password: options.broker_password }
  : await brokerOfHomeAssistant();

process.stdout.write(
  `${JSON.stringify({
    gateway: { id: options.gateway_id },
    broker,
    topics: { predefined: options.predefined_topics ?? [] },
    bridge: { home_assistant: options.home_assistant_discovery },
    state: { path: "/data/state" },
    log: { level: options.log_level },
  })}\n`,
);

async function brokerOfHomeAssistant() {
  const token = process.env.SUPERVISOR_TOKEN;
  const answer = await fetch("http://supervisor/services/mqtt", { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok)
    throw new Error("Home Assistant knows no MQTT broker: install the add-on Mosquitto, or set broker_url");
  const { data } = await answer.json();
  const protocol = data.ssl ? "mqtts" : "mqtt";
  return { url: `${protocol}://${data.host}:${data.port}`, username: data.username, password: data.password };
}
