import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type DiscoveryOptions, GatewayDiscovery } from "../../src/app/device/gateway-discovery.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { FindableGateway, freeUdpPort, GROUP } from "./findable-gateway.ts";

describe("the discovery of a command", () => {
  let groupPort: number;

  beforeEach(async () => {
    groupPort = await freeUdpPort();
  });

  async function open(options: Partial<DiscoveryOptions> = {}): Promise<GatewayDiscovery> {
    const group = { host: GROUP, port: groupPort };
    const discovery = await GatewayDiscovery.open({ group, interface: "127.0.0.1", radius: 1, repeats: 0, ...options });
    onTestFinished(() => discovery.close());
    return discovery;
  }

  async function gateway(gwId: number): Promise<{ gateway: FindableGateway; port: number }> {
    const findable = new FindableGateway(gwId);
    const port = await findable.open(groupPort);
    onTestFinished(() => findable.close());
    return { gateway: findable, port };
  }

  test("D6 D12 finds a gateway by SEARCHGW, at the address that GWINFO came from", async () => {
    const { gateway: found, port } = await gateway(1);
    const discovery = await open();
    expect(await discovery.find()).toEqual({ host: "127.0.0.1", port });
    expect(found.searches).toBe(1);
    expect(await discovery.find()).toEqual({ host: "127.0.0.1", port });
    expect(found.searches).toBe(1);
  });

  test("D4 finds a gateway by what it tells the group", async () => {
    const { gateway: silent, port } = await gateway(1);
    silent.answersSearch = false;
    const discovery = await open();
    const found = discovery.find();
    silent.broadcast({ type: "ADVERTISE", gwId: 1, duration: 900 }, groupPort);
    expect(await found).toEqual({ host: "127.0.0.1", port });
  });

  test("K6 finds another gateway than the one that did not answer", async () => {
    const places = [await gateway(1), await gateway(2)].map(({ port }) => ({ host: "127.0.0.1", port }));
    const discovery = await open();
    const first = await discovery.find();
    // The answer of the second may come a little later.
    await expect
      .poll(async () => {
        discovery.didNotAnswer(first);
        return discovery.find();
      })
      .toEqual(places.find(({ port }) => port !== first.port));
  });

  test("D9 tells the gateway it knows to another client that asks, with its address", async () => {
    const { gateway: silent, port } = await gateway(5);
    silent.answersSearch = false;
    const discovery = await open();
    const found = discovery.find();
    silent.broadcast({ type: "ADVERTISE", gwId: 5, duration: 900 }, groupPort);
    await found;
    const peer = createSocket({ type: "udp4", reuseAddr: true });
    onTestFinished(() => void peer.close());
    peer.bind(groupPort, GROUP);
    await once(peer, "listening");
    peer.addMembership(GROUP, "127.0.0.1");
    const heard: (Message | { type: "malformed" })[] = [];
    peer.on("message", (datagram) => heard.push(decode(datagram)));
    const asker = createSocket("udp4");
    onTestFinished(() => void asker.close());
    asker.bind(0, "127.0.0.1");
    await once(asker, "listening");
    asker.setMulticastInterface("127.0.0.1");
    asker.send(encode({ type: "SEARCHGW", radius: 1 }), groupPort, GROUP);
    const gwAdd = Buffer.of(6, 127, 0, 0, 1, port >> 8, port & 0xff);
    // TGWINFO is 5 s.
    await expect
      .poll(() => heard.find(({ type }) => type === "GWINFO"), { timeout: 15_000 })
      .toEqual({
        type: "GWINFO",
        gwId: 5,
        gwAdd,
      });
  });

  test("D11 says where and how often it asked when nobody answers", async () => {
    await expect((await open()).find()).rejects.toThrow(
      `no gateway answered SEARCHGW in the group ${GROUP}:${groupPort} on 127.0.0.1, sent 1 time.`,
    );
  });

  test("says at once that nothing can be sent there", async () => {
    // No network takes a datagram with so many hops.
    const discovery = await open({ radius: 1000, repeats: 100 });
    await expect(discovery.find()).rejects.toThrow(
      `nothing can be sent to the group ${GROUP}:${groupPort} on 127.0.0.1: setMulticastTTL EINVAL`,
    );
  });

  test("says that there is no such interface", async () => {
    await expect(open({ interface: "nothing0" })).rejects.toThrow(
      "--interface nothing0: no network interface of this machine has this name or address",
    );
  });
});
