import { describe, expect, test } from "vitest";
import { LOG_EVENTS } from "../../src/app/log/log-events.ts";
import { NOTE_LEVELS } from "../../src/app/log/note-levels.ts";
import { NOTES } from "../../src/gateway/contract.ts";
import { NOTE_FIELDS } from "../docs/note-fields.ts";
import { MqttPeer } from "../interop/mqtt-peer.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess, type LogLine, stop } from "./gateway-process.ts";

/** Begins every payload and will message of this test. */
const PAYLOAD = "payload-of-a-device";

/** Begins every secret of this test. */
const SECRET = "hush-hush";

/** A gateway at this level to which devices say all kinds of things, with payloads in them; and how it ended. */
async function logAt(level: string): Promise<GatewayProcess> {
  const secrets = ["--broker-username", `${SECRET}-user`, "--broker-password", `${SECRET}-password`];
  const gateway = GatewayProcess.embedded(...secrets, "--log-level", level, "--clients-max-queued-bytes", "2000");
  await gateway.line("gateway.ready");
  const place = { host: "127.0.0.1", port: await gateway.listenerPort() };
  const peer = await MqttPeer.at({ url: `mqtt://127.0.0.1:${await gateway.brokerPort()}` });
  const will = { willTopic: "log/will", willMsg: Buffer.from(`${PAYLOAD} will`), qos: 1 as const, retain: true };
  const device = new UdpDevice(place, "talker", { will });
  await device.connect();
  await device.subscribe("log/down", 2);
  for (const qos of [0, 1, 2] as const) {
    await device.publish("log/up", `${PAYLOAD} up ${qos}`, qos);
    await peer.publish("log/down", `${PAYLOAD} down ${qos}`, qos);
  }
  await expect.poll(() => device.received.length, { timeout: 10_000 }).toBe(3);
  // What is refused, dropped and not understood is told of; not what was in it.
  expect(
    (await device.tryPublish({ topicIdType: "predefined", topicId: 77 }, `${PAYLOAD} refused`, 1)).result,
  ).not.toBe("accepted");
  device.publishUnconnected({ topicIdType: "predefined", topicId: 78 }, `${PAYLOAD} of nobody`);
  await device.sleep(60);
  for (let count = 0; count < 5; count += 1) await peer.publish("log/down", `${PAYLOAD} ${"x".repeat(900)}`, 0);
  await device.wake();
  await device.connect();
  await device.disconnect();
  await stop(gateway);
  return gateway;
}

/** What is wrong with a line: it is not one of those that the tables list, or has more in it. */
function unlisted({ level, event, time, msg, ...fields }: LogLine): string | undefined {
  const said = JSON.stringify({ level, event, time, msg, ...fields });
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(time))) return `time: ${said}`;
  const entry = LOG_EVENTS[event as keyof typeof LOG_EVENTS] as {
    levels: readonly string[];
    fields: readonly string[];
  };
  const isNote = event in NOTES;
  if (entry === undefined && !isNote) return `event: ${said}`;
  const note = event as keyof typeof NOTES;
  const levels: readonly string[] = isNote ? [NOTE_LEVELS[note], "warn", "debug"] : entry.levels;
  if (!levels.includes(level)) return `level: ${said}`;
  const listed: readonly string[] = isNote ? NOTE_FIELDS[note] : entry.fields;
  const more = Object.keys(fields).filter((field) => !listed.includes(field));
  return more.length > 0 ? `${more}: ${said}` : undefined;
}

describe("the log of a gateway that has been used", () => {
  test.each([
    ["info", false],
    ["debug", false],
    ["trace", true],
  ])("at %s: lines as listed, no secret; a payload in it: %s", { timeout: 60_000 }, async (level, hasPayload) => {
    const gateway = await logAt(level);
    const { lines, stdout } = gateway;
    expect(lines.flatMap((line) => unlisted(line) ?? [])).toEqual([]);
    // Nothing but the log is printed.
    expect(stdout.split("\n").filter((line) => line !== "")).toHaveLength(lines.length);
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["client.connected", "publish.refused", "gateway.stopped"]),
    );
    expect(stdout.includes(PAYLOAD)).toBe(hasPayload);
    expect(stdout).not.toContain(SECRET);
    expect(gateway.stderr).toBe("");
  });
});

describe("a trace file that cannot be had", () => {
  test("is told with its name and the reason, and the gateway does not start", async () => {
    const gateway = GatewayProcess.embedded("--trace-file", "/no/such/folder/run.pcap");
    expect(await gateway.line("gateway.failed")).toMatchObject({
      level: "error",
      code: "ENOENT",
      msg: expect.stringContaining("cannot write /no/such/folder/run.pcap: its folder is not there"),
    });
    expect(await gateway.exit()).toBe(1);
  });
});
