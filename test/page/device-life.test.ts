import { describe, expect, test } from "vitest";
import { UdpDevice } from "../interop/udp-device.ts";
import { isInstalled, openPage } from "./browser.ts";
import { RunningGateway } from "./running-gateway.ts";
import { showsRow } from "./shown-row.ts";

describe.skipIf(!isInstalled)("the list of a running gateway", () => {
  test("shows what a device does: it connects, subscribes, sleeps, is sent a message, wakes up and is lost", async () => {
    const gateway = await RunningGateway.start("--clients-keep-alive-factor", "1");
    const page = await openPage(gateway.url);
    await page.getByText("No client yet").waitFor();
    expect(await page.locator("#broker-state").textContent()).toBe("reachable");

    const device = new UdpDevice({ host: "127.0.0.1", port: gateway.port }, "boiler-cellar");
    await device.connect();
    await showsRow(page, { State: "active", Client: "boiler-cellar", "Last seen": expect.stringMatching(/now|s ago/) });
    await device.subscribe("house/boiler/set");
    await showsRow(page, { "Has subs": "1", Queued: "0" });
    await device.sleep(300);
    await showsRow(page, {
      State: expect.stringMatching(/^asleepuntil \d\d:\d\d:\d\d, in (300 s|5 min)/),
      "Wake-ups": "0",
    });
    await gateway.publish("house/boiler/set", "21");
    await showsRow(page, { Queued: "1" });
    await device.wakesUntilReceived({ topic: "house/boiler/set", data: "21", qos: 1, retain: false });
    await showsRow(page, {
      State: expect.stringMatching(/^asleep/),
      Queued: "0",
      "Wake-ups": expect.stringMatching(/[1-9]/),
    });
    await device.sleep(1);
    device.vanish();
    await showsRow(page, {
      State: expect.stringMatching(/^lost/),
      Client: expect.stringMatching(/lost \d+ s ago: \S+/),
    });
    await page.locator("#attention-list").getByText("boiler-cellar").waitFor();
    await page.locator("#log").getByText("boiler-cellar").first().waitFor();
  });
});
