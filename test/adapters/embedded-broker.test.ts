import { connect } from "node:net";
import { MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { openLink } from "./link-double.ts";

let broker: EmbeddedBroker;
const clients: MqttClient[] = [];

beforeEach(async () => {
  broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await broker.close();
});

/** An MQTT client over TCP, subscribed to everything, and what it has received. */
async function subscriber() {
  const client = new MqttClient(() => connect(broker.port, "127.0.0.1"), { reconnectPeriod: 0 });
  clients.push(client);
  const received: string[] = [];
  client.on("message", (topic, payload) => received.push(`${topic} ${payload}`));
  await client.subscribeAsync("#", { qos: 2 });
  return { client, received };
}

function publish(topic: string, payload: Buffer): PublishPacket {
  return { cmd: "publish", topic, payload, qos: 0, retain: false, dup: false, messageId: 0 };
}

describe("the embedded broker", () => {
  it("connects links in the process with MQTT clients over TCP, both ways", async () => {
    const { client, received } = await subscriber();
    const { link, types, packets } = openLink(broker.openStream);
    link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "down", qos: 1 }] });
    await expect.poll(() => packets("suback").length).toBe(1);
    link.write(publish("up", Buffer.from("1")));
    await expect.poll(() => received).toEqual(["up 1"]);
    client.publish("down", "2", { qos: 1 });
    await expect.poll(() => packets("publish")).toMatchObject([{ topic: "down", qos: 1, payload: Buffer.from("2") }]);
    link.close(true);
    await expect.poll(types).toContain("link-closed");
  });

  it("publishes the will of a link that is cut off, and not of one that says DISCONNECT", async () => {
    const { received } = await subscriber();
    const will = (topic: string) => ({ topic, payload: Buffer.from("gone"), qos: 1 as const, retain: false });
    const quiet = openLink(broker.openStream, { clientId: "quiet", will: will("quiet") });
    const loud = openLink(broker.openStream, { clientId: "loud", will: will("loud") });
    await expect.poll(() => [quiet.types(), loud.types()]).toEqual([["link-opened"], ["link-opened"]]);
    quiet.link.close(true);
    await expect.poll(quiet.types).toEqual(["link-opened", "link-closed"]);
    loud.link.close(false);
    await expect.poll(() => received).toEqual(["loud gone"]);
    expect(loud.events.at(-1)).toMatchObject({
      type: "link-closed",
      link: 7,
      reason: "closed by the gateway",
      byBroker: false,
    });
  });

  it("closes the first link when another one takes its client id", async () => {
    const first = openLink(broker.openStream);
    await expect.poll(first.types).toEqual(["link-opened"]);
    const second = openLink(broker.openStream);
    await expect.poll(first.types).toEqual(["link-opened", "link-closed"]);
    expect(first.events[1]).toMatchObject({
      type: "link-closed",
      link: 7,
      reason: "the broker closed the connection",
      byBroker: true,
    });
    await expect.poll(second.types).toEqual(["link-opened"]);
  });

  it("keeps what a paused link does not read without holding up the others, and hands it over afterwards", async () => {
    const { client, received } = await subscriber();
    const { link, packets } = openLink(broker.openStream);
    link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "down", qos: 0 }] });
    await expect.poll(() => packets("suback").length).toBe(1);
    link.pause();
    for (let i = 0; i < 200; i += 1) client.publish("down", Buffer.alloc(500, i), { qos: 1 });
    // The others get it all meanwhile: a link that stands still holds up nobody.
    await expect.poll(() => received.length).toBe(200);
    expect(packets("publish")).toEqual([]);
    link.resume();
    await expect.poll(() => packets("publish").length).toBe(200);
    expect((packets("publish") as PublishPacket[]).map(({ payload }) => payload[0])).toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
  });

  it("closes every connection when it closes, also one that never said CONNECT", async () => {
    const { client } = await subscriber();
    const silent = connect(broker.port, "127.0.0.1");
    const { link, types } = openLink(broker.openStream);
    await expect.poll(types).toEqual(["link-opened"]);
    let closed = 0;
    for (const end of [client, silent]) {
      end.on("close", () => {
        closed += 1;
      });
    }
    void broker.close();
    await expect.poll(() => closed).toBe(2);
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    link.close(true);

    const late = openLink(broker.openStream);
    await expect
      .poll(() => late.events)
      .toMatchObject([{ type: "link-closed", link: 7, reason: "the embedded broker has stopped", byBroker: false }]);
  });

  it("says that another broker probably has the port", async () => {
    await expect(EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: broker.port } })).rejects.toMatchObject({
      code: "EADDRINUSE",
      message:
        `the embedded broker cannot listen on 127.0.0.1:${broker.port}: something listens there already, ` +
        "probably another MQTT broker; use that one, or choose another port",
    });
  });
});
