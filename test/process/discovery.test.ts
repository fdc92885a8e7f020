import { describe, expect, test, vi } from "vitest";
import { GatewayProcess, stop } from "./gateway-process.ts";
import { GroupClient } from "./group-client.ts";
import { type Host, TwoHosts } from "./two-hosts.ts";

const WHY_NOT = TwoHosts.whyNot();
const VERSIONS = TwoHosts.hasIPv6 ? ([4, 6] as const) : ([4] as const);
const PORT = 1883;
const BROKER = "127.0.0.1:18830";

/** A gateway on one of the hosts. */
function gatewayAt(host: Host, ...flags: string[]): GatewayProcess {
  return new GatewayProcess(["run", "--log-level", "debug", ...flags], {}, undefined, host.within);
}

/** A gateway with the broker inside, at all addresses of its host. */
function usualGateway({ gateway }: TwoHosts, ...flags: string[]): GatewayProcess {
  const listen = VERSIONS.flatMap((version) => ["-l", `udp://${version === 6 ? "[::]" : "0.0.0.0"}:${PORT}`]);
  return gatewayAt(gateway, "-b", "embedded:", "--embedded-listen", BROKER, ...listen, ...flags);
}

function clientOn({ within, ipv4 }: Host, ipv6Group = "ff03::1883"): Promise<GroupClient> {
  const group6 = TwoHosts.hasIPv6 ? ipv6Group : "none";
  return GroupClient.start({ within, address: ipv4, interface: "radio0", group4: "225.1.1.1", group6, port: PORT });
}

describe.skipIf(WHY_NOT !== undefined)("from another host", { timeout: 120_000 }, () => {
  test("D7, D8, D10, D12 SEARCHGW to the group is answered to group and asker, from the service socket, as far as asked", async () => {
    const hosts = new TwoHosts();
    const gateway = usualGateway(hosts);
    await gateway.line("gateway.ready");
    for (const version of VERSIONS) {
      for (const radius of [1, 7, 0]) {
        const client = await clientOn(hosts.sensors);
        const { group, asker } = await client.find(version, radius);
        expect(group).toMatchObject({ port: PORT, hops: radius === 0 ? 255 : radius, message: { gwId: 1 } });
        expect(asker).toMatchObject({ port: PORT, message: { gwId: 1 } });
        if (version === 4) expect([group.from, asker.from]).toEqual([hosts.gateway.ipv4, hosts.gateway.ipv4]);
        else expect(group.from).toMatch(/^f[de]8/);
        client.stop();
      }
    }
    await stop(gateway);
  });

  test("D1, D7, D12 ADVERTISE comes again and again, from the service socket, as far as configured", async () => {
    const hosts = new TwoHosts();
    const client = await clientOn(hosts.sensors);
    usualGateway(hosts, "--discovery-advertise-interval", "1s", "--discovery-radius", "3");
    for (const version of VERSIONS) {
      const heard = await client.advertise(version, 1);
      expect(heard).toMatchObject({ at: "group", port: PORT, hops: 3, message: { duration: 1 } });
      client.heard.length = 0;
      await client.advertise(version, 1);
    }
  });

  test("D8, D12 a gateway at one address of its host, and another port than the group, is found there", async () => {
    const hosts = new TwoHosts();
    const { ipv4, ipv6 } = hosts.gateway;
    const groups = ["--discovery-groups", `225.1.1.1:${PORT},[ff03::1883]:${PORT}`];
    const listen = VERSIONS.flatMap((version) => ["-l", version === 6 ? `udp://[${ipv6}]:1885` : `udp://${ipv4}:1884`]);
    gatewayAt(hosts.gateway, "-b", "embedded:", "--embedded-listen", BROKER, ...listen, ...groups);
    const client = await clientOn(hosts.sensors);
    for (const version of VERSIONS) {
      const { group, asker } = await client.find(version, 1);
      const place = version === 6 ? { from: ipv6, port: 1885 } : { from: ipv4, port: 1884 };
      expect([group, asker]).toMatchObject([place, place]);
    }
  });

  test("D8 the gateway is found again after its interface was down, and after it was deleted and made anew", async () => {
    const hosts = new TwoHosts();
    hosts.unplug();
    const gateway = usualGateway(hosts, "--discovery-interfaces", "radio0");
    expect(await gateway.line("discovery.interface-missing")).toMatchObject({ level: "warn", interface: "radio0" });
    const findable = async () => {
      const client = await clientOn(hosts.sensors);
      for (const version of VERSIONS) await client.find(version, 1);
      client.stop();
    };
    hosts.plug();
    await findable();
    hosts.switchGateway("down");
    await vi.waitFor(() => expect(leftCount(gateway)).toBe(VERSIONS.length), { timeout: 20_000, interval: 100 });
    hosts.switchGateway("up");
    await findable();
    // At once: the gateway sees the same name and the same address as before.
    hosts.unplug();
    hosts.plug();
    await findable();
    hosts.unplug();
    await vi.waitFor(() => expect(leftCount(gateway)).toBeGreaterThanOrEqual(2 * VERSIONS.length), {
      timeout: 20_000,
      interval: 100,
    });
    hosts.plug();
    await findable();
    expect(gateway.lines.filter(({ event }) => event === "discovery.interface-missing").length).toBeLessThanOrEqual(4);
    await stop(gateway);
  });

  test.skipIf(!TwoHosts.hasIPv6)("D8 the gateway is found again after its interface had no IPv6", async () => {
    const hosts = new TwoHosts();
    const gateway = usualGateway(hosts);
    await (await clientOn(hosts.sensors)).find(6, 1);
    hosts.switchIPv6("off");
    await vi.waitFor(() => expect(leftCount(gateway)).toBe(1), { timeout: 20_000, interval: 100 });
    hosts.switchIPv6("on");
    await (await clientOn(hosts.sensors)).find(6, 1);
    await (await clientOn(hosts.sensors)).find(4, 1);
  });

  test.skipIf(!TwoHosts.hasIPv6)(
    "D8 a group of link-local scope is heard on each interface, also on one made anew",
    async () => {
      const hosts = new TwoHosts();
      const flags = ["-l", `udp://[${hosts.gateway.ipv6}]:${PORT}`, "--discovery-groups", "ff02::1883"];
      const gateway = gatewayAt(hosts.gateway, "-b", "embedded:", "--embedded-listen", BROKER, ...flags);
      const joined = () => gateway.lines.filter(({ event }) => event === "discovery.joined");
      const findable = async () => {
        const client = await clientOn(hosts.sensors, "ff02::1883");
        expect((await client.find(6, 1)).group).toMatchObject({ from: hosts.gateway.ipv6, port: PORT });
        client.stop();
      };
      await findable();
      expect(joined()).toMatchObject([{ interface: "radio0", group: `[ff02::1883]:${PORT}` }]);
      hosts.unplug();
      hosts.plug();
      await findable();
      hosts.unplug();
      const left = () => gateway.lines.filter(({ event }) => event === "discovery.left");
      const before = left().length;
      await vi.waitFor(() => expect(left().length).toBeGreaterThan(before), { timeout: 20_000, interval: 100 });
      hosts.plug();
      await findable();
      await stop(gateway);
    },
  );

  test("D1 without its broker the gateway does not answer a search; with it, it does again", async () => {
    const hosts = new TwoHosts();
    const inside = ["-b", "embedded:", "--embedded-listen", BROKER, "-l", "udp://127.0.0.1:0"];
    const broker = () => gatewayAt(hosts.gateway, ...inside, "--discovery-enabled", "false");
    const first = broker();
    const flags = ["--broker-reconnect-min", "100ms", "--broker-reconnect-max", "500ms"];
    const gateway = gatewayAt(hosts.gateway, "-b", `mqtt://${BROKER}`, "-l", `udp://0.0.0.0:${PORT}`, ...flags);
    const client = await clientOn(hosts.sensors);
    await client.find(4, 1);

    const unreachable = () => gateway.lines.filter(({ event }) => event === "broker.unreachable").length;
    const before = unreachable();
    first.child.kill("SIGKILL");
    await vi.waitFor(() => expect(unreachable()).toBeGreaterThan(before), { timeout: 20_000, interval: 20 });
    client.heard.length = 0;
    client.search(4, 1);
    await vi.waitFor(
      () =>
        expect(gateway.lines).toContainEqual(
          expect.objectContaining({ event: "search.ignored", reason: "the broker cannot be reached" }),
        ),
      { timeout: 20_000, interval: 20 },
    );
    expect(client.heard).toEqual([]);
    broker();
    await client.find(4, 1);
  });

  test("D5 a stand-by gateway keeps still while another one advertises, and takes over when that is silent", async () => {
    const hosts = new TwoHosts();
    const client = await clientOn(hosts.sensors);
    const flags = ["-b", "embedded:", "--discovery-advertise-interval", "1s", "--embedded-listen", BROKER];
    const active = gatewayAt(hosts.gateway, ...flags, "-l", `udp://0.0.0.0:${PORT}`);
    await client.advertise(4, 1);
    const standBy = ["--gateway-id", "2", "--discovery-standby", "true", "-l", `udp://${hosts.sensors.ipv4}:${PORT}`];
    const second = gatewayAt(hosts.sensors, ...flags, ...standBy);
    await second.line("neighbour.heard");
    await client.find(4, 1);
    expect(new Set(client.heard.map(({ from }) => from))).toEqual(new Set([hosts.gateway.ipv4]));

    active.child.kill("SIGKILL");
    const heard = await client.advertise(4, 2);
    expect(heard).toMatchObject({ from: hosts.sensors.ipv4, port: PORT });
    client.heard.length = 0;
    await client.find(4, 1);
    expect(client.gwInfo(4, "asker")).toMatchObject({ from: hosts.sensors.ipv4, message: { gwId: 2 } });
    await stop(second);
  });
});

function leftCount(gateway: GatewayProcess): number {
  return gateway.lines.filter(({ event }) => event === "discovery.left").length;
}

test.skipIf(WHY_NOT === undefined)("without network namespaces these tests are skipped, unless REQUIRE_NETNS=1", () => {
  const line = `discovery between hosts is not tested: ${WHY_NOT}`;
  console.log(line);
  expect(process.env.REQUIRE_NETNS === "1", `${line}, and REQUIRE_NETNS=1 says that it must be`).toBe(false);
});
