import { expect, vi } from "vitest";
import type { InteropCase } from "./interop-case.ts";
import { publishWitnessed } from "./witness.ts";

const BOUND = { timeout: 20_000, interval: 20 };

/** Under `${clientId}`. */
const MOUNTED = { "topics.mountpoint": `mounted/\${clientId}/` };

/** Where topics are, and where the broker is: the mountpoint, and a restart. */
export const PLACE_CASES: readonly InteropCase[] = [
  {
    name: "what a device publishes, subscribes to and leaves as its will is below the mountpoint, and it does not notice",
    row: "mountpoint",
    run: async (site) => {
      const mounted = await site.with(MOUNTED);
      const peer = await mounted.mqttPeer();
      await peer.subscribe("mounted/m1/up");
      await peer.subscribe("mounted/m1/will");
      const will = { willTopic: "will", willMsg: Buffer.from("gone"), qos: 1 as const, retain: false };
      const device = await mounted.device("m1", { duration: 1, will });
      await device.subscribe("down/#", 1);
      await device.subscribe("exactly", 1);
      await device.publish("up", "21", 1);
      const up = { topic: "mounted/m1/up", data: "21", qos: 1, retain: false };
      await peer.receives(up);
      await peer.publish("down/here", "not for it", 1);
      await peer.publish("mounted/m1/down/here", "on", 1);
      await peer.publish("mounted/m1/exactly", "off", 1);
      const common = { qos: 1, retain: false };
      await device.receives(
        { topic: "down/here", data: "on", ...common },
        { topic: "exactly", data: "off", ...common },
      );
      device.vanish();
      await peer.receives(up, { topic: "mounted/m1/will", data: "gone", qos: 1, retain: false });
    },
  },
  {
    name: "below a mountpoint a sleeping device gets what waited, and after UNSUBSCRIBE nothing",
    row: "mountpoint",
    run: async (site) => {
      const mounted = await site.with(MOUNTED);
      const peer = await mounted.mqttPeer();
      const device = await mounted.device("m2", { cleanSession: false });
      await device.subscribe("left", 1);
      await device.subscribe("kept/+", 1);
      await device.unsubscribe("left");
      await device.sleep(60);
      await peer.publish("mounted/m2/left", "no", 1);
      await peer.publish("mounted/m2/kept/it", "yes", 1);
      await vi.waitFor(async () => {
        await device.wake();
        expect(device.received).toEqual([{ topic: "kept/it", data: "yes", qos: 1, retain: false }]);
      }, BOUND);
      expect(device.heardAsleep).toEqual([]);
    },
  },
  {
    name: "a restart of the broker costs an active device and a sleeping one nothing but the time",
    row: "restart",
    needs: "restart",
    run: async (site) => {
      const reconnect = { "broker.reconnect_min": "50ms", "broker.reconnect_max": "200ms" };
      const { site: own, broker } = await site.apart(reconnect);
      const active = await own.device("active", { cleanSession: false });
      await active.subscribe("restart/active", 1);
      const sleeper = await own.device("sleeper", { cleanSession: false });
      await sleeper.subscribe("restart/sleeper", 1);
      await sleeper.sleep(60);
      await broker.restart!.stop();
      await own.process.line("broker.unreachable");
      const published = active.publish("restart/active", "sent while the broker was down", 1);
      await broker.restart!.start();
      await published;
      // Its subscription may come back behind the message: then the next one comes.
      await vi.waitFor(async () => {
        await active.publish("restart/active", "again", 1);
        expect(active.received.map(({ data }) => data)).toContain("again");
      }, BOUND);
      const waiting = await publishWitnessed(own, "restart/sleeper", 1, ["after the restart"]);
      await sleeper.wake();
      await sleeper.receives(...waiting);
      expect(sleeper.heardAsleep).toEqual([]);
      expect(active.heard).not.toContain("DISCONNECT");
    },
  },
];
