import { expect } from "vitest";
import type { DeviceQoS } from "../../src/device/contract.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import type { InteropCase } from "./interop-case.ts";
import type { Site } from "./site.ts";
import type { GatewayOptions } from "./target.ts";

/** A gateway whose devices ada-… and bob-… are the broker's users ada and bob. */
function withCredentials(site: Site, options: GatewayOptions = {}): Promise<Site> {
  const { ada, bob } = site.broker.accounts!;
  const credentials = [
    { client: "ada*", ...ada },
    { client: "bob*", ...bob },
  ];
  return site.with({ "clients.credentials": credentials, ...options });
}

/** What users may do at the broker, and who they are. */
export const ACCESS_CASES: readonly InteropCase[] = [
  {
    name: "6c a device whose password is wrong is refused: CONNACK 0x03, and others are not",
    row: "password",
    needs: "accounts",
    run: async (site) => {
      const { ada } = site.broker.accounts!;
      const wrong = await site.with({ "clients.credentials": [{ client: "ada", ...ada, password: "wrong" }] });
      expect(await wrong.unconnectedDevice("ada").isRefused()).toBe(RETURN_CODE.notSupported);
      expect((await wrong.process.line("client.refused")).clientId).toBe("ada");
      await wrong.device("other");
    },
  },
  {
    name: "each device is the user that clients.credentials has for it",
    row: "credentials",
    needs: "accounts",
    run: async (site) => {
      const guarded = await withCredentials(site);
      const peer = await site.mqttPeer();
      await peer.subscribe("ada/hello/all");
      await peer.subscribe("bob/hello/all");
      const ada = await guarded.device("ada-hello");
      const bob = await guarded.device("bob-hello");
      await ada.subscribe("ada/hello/+", 1);
      await bob.subscribe("bob/hello/+", 1);
      await ada.publish("ada/hello/all", "I am Ada", 1);
      const toAda = { topic: "ada/hello/all", data: "I am Ada", qos: 1, retain: false };
      await peer.receives(toAda);
      await bob.publish("bob/hello/all", "I am Bob", 1);
      const toBob = { topic: "bob/hello/all", data: "I am Bob", qos: 1, retain: false };
      await peer.receives(toAda, toBob);
      await ada.receives(toAda);
      await bob.receives(toBob);
    },
  },
  ...([1, 2] as const).map(
    (qos): InteropCase => ({
      name: `6c a publish at QoS ${qos} that the broker does not allow arrives nowhere, and costs the device nothing else`,
      row: "denied-publish",
      needs: "accounts",
      run: async (site) => {
        const { deniedPublish } = site.abilities;
        const guarded = await withCredentials(site);
        const peer = await site.mqttPeer();
        await peer.subscribe(`ada/denied/${qos}`);
        await peer.subscribe(`bob/denied/${qos}`);
        const ada = await guarded.device(`ada-denied-${qos}`);
        const outcome = await ada.tryPublish(`bob/denied/${qos}`, "not allowed", qos);
        if (deniedPublish === "told") expect(outcome).toMatchObject({ returnCode: RETURN_CODE.notSupported });
        else site.findings.differences.add(DENIED[deniedPublish]);
        if (deniedPublish === "silent") expect(outcome.result).toBe("accepted");
        await ada.publish(`ada/denied/${qos}`, "allowed", qos);
        await peer.receives({
          topic: `ada/denied/${qos}`,
          data: "allowed",
          qos: site.qos(qos as DeviceQoS),
          retain: false,
        });
      },
    }),
  ),
  {
    name: "6c a subscription that the broker does not allow brings nothing, and costs the device nothing else",
    row: "denied-subscribe",
    needs: "accounts",
    run: async (site) => {
      const { deniedSubscribe } = site.abilities;
      const guarded = await withCredentials(site);
      const ada = await guarded.device("ada-listens");
      const outcome = await ada.trySubscribe("bob/secret", 1);
      if (deniedSubscribe === "told") expect(outcome).toMatchObject({ returnCode: RETURN_CODE.notSupported });
      else site.findings.differences.add(DENIED[deniedSubscribe]);
      if (deniedSubscribe === "silent") expect(outcome.result).toBe("accepted");
      await ada.subscribe("ada/open", 1);
      const peer = await site.mqttPeer();
      await peer.publish("bob/secret", "not for Ada", 1);
      await peer.publish("ada/open", "for Ada", 1);
      await ada.receives({ topic: "ada/open", data: "for Ada", qos: 1, retain: false });
    },
  },
];

const DENIED = {
  silent: "the device is not told",
  disconnected: "the broker ends the connection",
} as const;
