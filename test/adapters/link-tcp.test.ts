import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { itIsALinkOver, opener } from "./carried-links.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { leadTo } from "./lead-to.ts";
import { openLink } from "./link-double.ts";
import { CONNACK } from "./link-pair.ts";
import { testServer } from "./test-server.ts";

describe("a link over TCP", () => {
  itIsALinkOver("mqtt");

  /** A port at which nobody listens any more. */
  async function deadPort(): Promise<number> {
    const { port, server } = await testServer("mqtt", () => {});
    server.close();
    await once(server, "close");
    return port;
  }

  it("says that nobody listens", async () => {
    const port = await deadPort();
    const { events } = openLink(opener(`mqtt://127.0.0.1:${port}`));
    const reason = `connect ECONNREFUSED 127.0.0.1:${port}`;
    await expect
      .poll(() => events)
      .toMatchObject([{ type: "link-closed", link: 7, reason, byBroker: false, unasked: true }]);
  });

  it.each([
    ["EMFILE", "connect EMFILE 127.0.0.1:1883: too many open files, of which each client takes one"],
    ["EADDRNOTAVAIL", expect.stringMatching(/^connect EADDRNOTAVAIL 127\.0\.0\.1:1883: .*ip_local_port_range/)],
  ])("says what it means that the system gives no more: %s", async (code, reason) => {
    const error = Object.assign(new Error(`connect ${code} 127.0.0.1:1883`), { code, syscall: "connect" });
    const { events } = openLink(() => new PassThrough().destroy(error));
    await expect.poll(() => events).toMatchObject([{ type: "link-closed", reason, byBroker: false, unasked: true }]);
  });

  it("says why for each address when a name has several", async () => {
    const port = await deadPort();
    const { events } = openLink(opener(`mqtt://localhost:${port}`));
    await expect
      .poll(() => events)
      .toMatchObject([
        { type: "link-closed", reason: expect.stringContaining(`connect ECONNREFUSED 127.0.0.1:${port}`) },
      ]);
  });

  it("goes where the broker's name leads now, and not where it led before", async () => {
    const { port, sockets } = await testServer("mqtt", () => {});
    const open = opener(`mqtt://broker.test:${port}`);
    leadTo("127.0.0.2");
    const before = openLink(open);
    await expect.poll(() => before.events).toMatchObject([{ reason: `connect ECONNREFUSED 127.0.0.2:${port}` }]);
    leadTo("127.0.0.1");
    openLink(open).link.close(true);
    await expect.poll(() => sockets.length).toBe(1);
  });

  it("keeps what waits in a paused connection, whatever comes over another one", async () => {
    const brokers: HandMadeBroker[] = [];
    const server = await testServer("mqtt", (stream) => brokers.push(new HandMadeBroker(stream)));
    const open = opener(server.url);
    const paused = openLink(open, { onEvent: ({ type }, link) => type === "packet" && link.pause() });
    await expect.poll(() => brokers.length).toBe(1);
    const other = openLink(open);
    await expect.poll(() => brokers.length).toBe(2);
    const messages = ["3005000161" + "0102", "3005000162" + "0304", "3005000163" + "0506"];
    brokers[0]!.stream.write(Buffer.from(`20020000${messages.join("")}`, "hex"));
    await expect.poll(paused.types).toEqual(["link-opened", "packet"]);
    brokers[1]!.stream.write(Buffer.concat([CONNACK, Buffer.alloc(1000, Buffer.from("40020001", "hex"))]));
    await expect.poll(() => other.packets("puback")).toHaveLength(250);
    paused.link.resume();
    await expect.poll(() => paused.packets()).toHaveLength(2);
    paused.link.resume();
    await expect
      .poll(() => paused.packets())
      .toMatchObject([
        { topic: "a", payload: Buffer.from([1, 2]) },
        { topic: "b", payload: Buffer.from([3, 4]) },
        { topic: "c", payload: Buffer.from([5, 6]) },
      ]);
    for (const { link } of [paused, other]) link.close(false);
  });

  it.each([true, false])("closes while it connects, with DISCONNECT: %s", async (disconnect) => {
    const brokers: HandMadeBroker[] = [];
    const { port } = await testServer("mqtt", (stream) => brokers.push(new HandMadeBroker(stream)));
    const { link, types } = openLink(opener(`mqtt://127.0.0.1:${port}`));
    link.close(disconnect);
    await expect.poll(() => types().length + brokers.length).toBeGreaterThan(0);
    for (const { stream } of brokers) stream.end();
    await expect.poll(types).toEqual(["link-closed"]);
  });
});
