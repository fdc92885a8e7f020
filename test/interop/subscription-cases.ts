import { expect, vi } from "vitest";
import type { InteropCase } from "./interop-case.ts";

const BOUND = { timeout: 10_000, interval: 5 };

/** What one subscription means beside another, and at another QoS. */
export const SUBSCRIPTION_CASES: readonly InteropCase[] = [
  {
    name: "6b a message comes at the QoS of the subscription where that is lower",
    row: "deliver-lower",
    run: async (site) => {
      const { lowersQos } = site.abilities;
      if (!lowersQos) site.findings.differences.add("at the QoS of the publisher");
      const device = await site.device("modest");
      await device.subscribe("modest/+", 1);
      const peer = await site.mqttPeer();
      await peer.publish("modest/two", "2", 2);
      await peer.publish("modest/zero", "0", 0);
      await device.receives(
        { topic: "modest/two", data: "2", qos: lowersQos ? 1 : site.qos(2), retain: false },
        { topic: "modest/zero", data: "0", qos: 0, retain: false },
      );
    },
  },
  {
    name: "a message that two subscriptions of a device cover comes once or twice",
    row: "overlapping",
    run: async (site) => {
      const device = await site.device("overlap");
      await device.subscribe("overlap/+", 1);
      await device.subscribe("overlap/#", 1);
      await device.subscribe("overlapped", 1);
      const peer = await site.mqttPeer();
      await peer.publish("overlap/here", "?", 1);
      // Nothing comes after it that was published before.
      await peer.publish("overlapped", "end", 1);
      await vi.waitFor(() => expect(device.received.at(-1)?.data).toBe("end"), BOUND);
      const copies = device.received.filter(({ topic }) => topic === "overlap/here").length;
      expect([1, 2]).toContain(copies);
      if (copies === 2) site.findings.differences.add("comes once for each");
    },
  },
  {
    name: "of devices that share a subscription one gets each message",
    row: "shared",
    run: async (site) => {
      const devices = [await site.device("sharer-1"), await site.device("sharer-2")];
      const outcomes = await Promise.all(devices.map((device) => device.trySubscribe("$share/all/shared/+", 1)));
      const witness = await site.device("witness-of-sharers");
      await witness.subscribe("shared/+", 1);
      const peer = await site.mqttPeer();
      const sent = Array.from({ length: 10 }, (_, index) => String(index));
      for (const data of sent) await peer.publish(`shared/${data}`, data, 1);
      await vi.waitFor(() => expect(witness.received).toHaveLength(sent.length), BOUND);
      const received = () => devices.flatMap((device) => device.received.map(({ data }) => data)).sort();
      if (site.abilities.sharesSubscriptions) {
        expect(outcomes.map(({ result }) => result)).toEqual(["accepted", "accepted"]);
        await vi.waitFor(() => expect(received()).toEqual(sent), BOUND);
        return;
      }
      expect(received()).toEqual([]);
      const isGranted = outcomes.every(({ result }) => result === "accepted");
      site.findings.inabilities.add(isGranted ? "granted, and nothing comes" : "the device is refused");
    },
  },
];
