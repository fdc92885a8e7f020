import type { InteropCase } from "./interop-case.ts";
import type { Received } from "./received.ts";
import type { Site } from "./site.ts";

/** What of retained messages comes: those that came only because they had been kept are left out where the broker keeps none. */
function kept(site: Site, filter: "a name" | "a wildcard", ...messages: Received[]): Received[] {
  const { retained } = site.abilities;
  if (retained === "to everybody") return messages;
  if (retained === "not to wildcards" && filter === "a name") return messages;
  if (retained === "to nobody") site.findings.inabilities.add("nothing is kept; the message itself arrives");
  else site.findings.differences.add("not for wildcards");
  return [];
}

/** Messages that the broker keeps for whoever subscribes later. */
export const RETAINED_CASES: readonly InteropCase[] = [
  {
    name: "P8 what a device publishes with Retain is kept by the broker",
    row: "retained",
    run: async (site) => {
      const early = await site.mqttPeer();
      await early.subscribe("kept/by-device");
      const device = await site.device("keeper");
      await device.publish("kept/by-device", "21", 1, true);
      await early.receives({ topic: "kept/by-device", data: "21", qos: 1, retain: false });
      const late = await site.mqttPeer();
      await late.subscribe("kept/by-device");
      await device.publish("kept/by-device", "live", 1);
      await late.receives(...kept(site, "a name", { topic: "kept/by-device", data: "21", qos: 1, retain: true }), {
        topic: "kept/by-device",
        data: "live",
        qos: 1,
        retain: false,
      });
    },
  },
  {
    name: "G8 a device receives what the broker has kept, and live messages without Retain",
    row: "retained",
    run: async (site) => {
      const peer = await site.mqttPeer();
      const retain = site.abilities.retained !== "to nobody";
      await peer.publish("kept/plain", "old", 1, retain);
      await peer.publish("kept/wild/1", "older", 1, retain);
      const device = await site.device("latecomer");
      await device.subscribe("kept/plain", 1);
      await device.subscribe("kept/wild/+", 1);
      await device.receives(
        ...kept(site, "a name", { topic: "kept/plain", data: "old", qos: 1, retain: true }),
        ...kept(site, "a wildcard", { topic: "kept/wild/1", data: "older", qos: 1, retain: true }),
      );
      device.received.length = 0;
      await peer.publish("kept/plain", "new", 1, retain);
      await device.receives({ topic: "kept/plain", data: "new", qos: 1, retain: false });
    },
  },
  {
    name: "P8 an empty message of a device clears what the broker has kept",
    row: "retained",
    run: async (site) => {
      const device = await site.device("clearer");
      await device.publish("cleared/once", "there", 1, true);
      await device.publish("cleared/still", "here", 1, true);
      await device.publish("cleared/once", "", 1, true);
      const peer = await site.mqttPeer();
      await peer.subscribe("cleared/once");
      await peer.subscribe("cleared/still");
      await device.publish("cleared/once", "live", 1);
      await peer.receives(...kept(site, "a name", { topic: "cleared/still", data: "here", qos: 1, retain: true }), {
        topic: "cleared/once",
        data: "live",
        qos: 1,
        retain: false,
      });
    },
  },
  {
    name: "P8 an empty message of an MQTT client clears what a device had the broker keep, and reaches subscribers",
    row: "retained",
    run: async (site) => {
      const retain = site.abilities.retained !== "to nobody";
      const first = await site.device("early-subscriber");
      await first.publish("emptied/a", "there", 1, true);
      await first.subscribe("emptied/a", 1);
      const peer = await site.mqttPeer();
      await peer.publish("emptied/a", "", 1, retain);
      await first.receives(...kept(site, "a name", { topic: "emptied/a", data: "there", qos: 1, retain: true }), {
        topic: "emptied/a",
        data: "",
        qos: 1,
        retain: false,
      });
      const late = await site.device("late-subscriber");
      await late.subscribe("emptied/a", 1);
      await peer.publish("emptied/a", "live", 1);
      await late.receives({ topic: "emptied/a", data: "live", qos: 1, retain: false });
    },
  },
];
