import { describe, expect, test } from "vitest";
import { maskedUrl } from "../../src/app/configuration/masked-url.ts";
import { FarEnd } from "../../src/app/device/far-end.ts";

describe("a URL for people", () => {
  test.each([
    ["mqtt://h:1883", "mqtt://h:1883"],
    ["mqtt://name:geheim@h", "mqtt://***@h"],
    ["mqtt://name@h", "mqtt://***@h"],
    ["mqtt://name:geh@eim@h", "mqtt://***@h"],
    ["wss://h/mqtt?token=geheim", "wss://h/mqtt?***"],
    ["wss://name:geheim@h/mqtt?token=geheim#mqttv3.1", "wss://***@h/mqtt?***#mqttv3.1"],
    ["wss://h", "wss://h"],
    ["wss://h/mqtt", "wss://h/mqtt"],
    ["wss://h/mqtt/", "wss://h/mqtt/"],
    ["wss://h:443/mqtt/geheim/x#mqttv3.1", "wss://h:443/mqtt/***#mqttv3.1"],
    ["wss://h//geheim", "wss://h//***"],
    ["wss://h/a/geheim?token=geheim", "wss://h/a/***?***"],
    ["name:geheim@h", "***@h"],
    ["mqtt:name:geheim@h", "***@h"],
    ["mqtt:/name:geheim@h", "***@h"],
    ["//name:geheim@h", "***@h"],
    ["embedded:", "embedded:"],
  ])("%s is %s", (url, shown) => {
    expect(maskedUrl(url)).toBe(shown);
  });

  test("is what the far end of a simulation shows", async () => {
    const opened = FarEnd.open("mqtt://name:geheim@127.0.0.1:1", "far-end", () => {});
    await expect(opened).rejects.toThrow("the broker at mqtt://***@127.0.0.1:1 cannot be reached (--broker): ");
  });
});
