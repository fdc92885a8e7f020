import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BridgeSite, valuesOf } from "./bridge-site.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe("what Home Assistant is told", () => {
  const DISCOVERED = "homeassistant/device/mqttsn/config";

  test("is nothing unless it is asked for", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    expect(site.published.some(({ topic }) => topic.startsWith("homeassistant/"))).toBe(false);
  });

  test("is a device with figures that stand in bridge/health, available while bridge/state says online", () => {
    const site = new BridgeSite({ "bridge.home_assistant": "true" });
    site.bridge.reachable();
    expect(site.published.find(({ topic }) => topic === DISCOVERED)).toMatchObject({ qos: 1, retain: true });
    const { device, origin, components, state_topic } = site.content(DISCOVERED) as Record<string, object>;
    expect(device).toMatchObject({ identifiers: ["mqttsn"], sw_version: "1.2.3" });
    expect(origin).toMatchObject({ name: "mqtt-sn-gateway" });
    expect(state_topic).toBe("mqttsn/bridge/health");
    const health = site.content("mqttsn/bridge/health");
    const { mqttsn_connection: connection, ...sensors } = components as Record<string, Record<string, unknown>>;
    expect(connection).toMatchObject({
      platform: "binary_sensor",
      device_class: "connectivity",
      state_topic: "mqttsn/bridge/state",
      payload_on: "online",
      payload_off: "offline",
    });
    expect(Object.keys(sensors)).toHaveLength(5);
    for (const [id, sensor] of Object.entries(sensors)) {
      expect(sensor).toMatchObject({
        platform: "sensor",
        unique_id: id,
        expire_after: 180,
        availability: [{ topic: "mqttsn/bridge/state", value_template: "{{ value_json.state }}" }],
      });
      const path = /^\{\{ value_json\.([\w.]+) \}\}$/.exec(String(sensor.value_template))![1]!.split(".");
      const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], health);
      expect([id, typeof value]).toEqual([id, "number"]);
    }
  });

  test("has an id of its own for each base topic, of characters that Home Assistant takes", () => {
    const topics = ["plant/north", "plant_north", "plant_2f_north", "mqttsn", "Würzburg"].map((base) => {
      const site = new BridgeSite({
        "bridge.home_assistant": "true",
        "bridge.base_topic": base,
        "bridge.home_assistant_prefix": "ha",
      });
      site.bridge.reachable();
      return site.published.map(({ topic }) => topic).find((topic) => topic.startsWith("ha/"))!;
    });
    expect(topics[0]).toBe("ha/device/mqttsn_plant_2f_north/config");
    expect(new Set(topics).size).toBe(5);
    for (const topic of topics) expect(topic).toMatch(/^ha\/device\/[A-Za-z0-9_-]+\/config$/);
  });
});

describe("bridge.base_topic", () => {
  test.each(["a/", "/a", "$SYS", "a+", "#", "", `sn/\${clientId}`])("is not %j", (base) => {
    expect(() => valuesOf({ "bridge.base_topic": base })).toThrow("--bridge-base-topic: ");
  });
});
