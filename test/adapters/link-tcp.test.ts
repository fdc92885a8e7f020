import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { itIsALinkOver, opener } from "./carried-links.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { leadTo } from "./lead-to.ts";
import { openLink } from "./link-double.ts";
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
