import { describe, expect, test } from "vitest";
import { UdpDevice } from "../interop/udp-device.ts";
import { stop } from "../process/gateway-process.ts";
import { isInstalled, openPage } from "./browser.ts";
import { RunningGateway } from "./running-gateway.ts";
import { showsRow } from "./shown-row.ts";

function deviceAt({ port }: RunningGateway, clientId: string): UdpDevice {
  return new UdpDevice({ host: "127.0.0.1", port }, clientId);
}

describe.skipIf(!isInstalled)("the status page of a running gateway", () => {
  test("a client's page shows its datagrams in words, and sends it away", async () => {
    const gateway = await RunningGateway.start();
    const device = deviceAt(gateway, "window-kitchen");
    await device.connect();
    await device.subscribe("house/window/#");
    const page = await openPage(`${gateway.url}/client?id=window-kitchen`);
    await page.locator("#subscriptions").getByText("house/window/#").waitFor();
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("waiting for a datagram").waitFor();
    await device.publish("house/window/state", "closed", 1);
    const rows = page.locator("#trace-rows tr");
    await rows
      .getByText(/PUBLISH QoS 1.*"closed"/)
      .first()
      .waitFor();
    await rows
      .getByText(/PUBACK .*accepted/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const before = await rows.count();
    await device.publish("house/window/state", "open", 1);
    await page.getByText(/^paused, [1-9]/).waitFor();
    expect(await rows.count()).toBe(before);
    await page.getByRole("button", { name: "Go on" }).click();
    await rows
      .getByText(/"open"/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText(/^copied [1-9]/).waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    expect(await rows.count()).toBe(0);
    await page.getByRole("button", { name: "Stop" }).click();

    await page.locator("#topic-ids").getByText("house/window/state").waitFor();
    await page.locator("#events").getByText("PUBLISH").first().waitFor();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await device.isDisconnectedByGateway();
    await page.locator("#state").getByText("disconnected").waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget" }).click();
    await page.getByText("The gateway knows no client of this name").waitFor();
  });

  test("a device that is not in the list is seen by its address", async () => {
    const gateway = await RunningGateway.start("--clients-deny", "nobody");
    const page = await openPage(gateway.url);
    await page.getByRole("textbox", { name: "Address", exact: true }).fill("127.0.0.1");
    await page.getByRole("button", { name: "Watch its datagrams" }).click();
    await page.getByText("waiting for a datagram").waitFor();
    expect(await deviceAt(gateway, "nobody").isRefused()).not.toBe(0);
    await page.locator("#trace-rows").getByText('CONNECT "nobody"').waitFor();
    await page.locator("#trace-rows").getByText("CONNACK rejected").waitFor();
  });

  test("when the gateway is gone the page says so, and it is live again when the gateway is back", async () => {
    const gateway = await RunningGateway.start();
    const page = await openPage(gateway.url, {}, [/Failed to load resource/]);
    await deviceAt(gateway, "before").connect();
    await showsRow(page, { Client: "before" });
    await stop(gateway.program);
    await page.getByText(/^No connection to the gateway since \d\d:\d\d:\d\d/).waitFor();
    expect(await page.locator("#live-word").textContent()).toBe("not live");
    const again = await RunningGateway.start("--http-listen", new URL(gateway.url).host);
    await deviceAt(again, "after").connect();
    await showsRow(page, { Client: "after" });
    expect(await page.locator("#live-word").textContent()).toBe("live");
    expect(await page.locator("#not-live").textContent()).toBe("");
  });

  test("where a token is needed it is asked for, and leads to the page that was wanted", async () => {
    const gateway = await RunningGateway.start("--http-token", "a-token-that-nobody-guesses");
    const page = await openPage(`${gateway.url}/client?id=x`);
    expect(new URL(page.url()).pathname).toBe("/login");
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This is not the token.").waitFor();
    await page.getByLabel("Token").fill("a-token-that-nobody-guesses");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("The gateway knows no client of this name").waitFor();
    expect(page.url().split("#")[0]).toBe(`${gateway.url}/client?id=x`);
    await page.goto(gateway.url);
    await page.locator("#live-word").getByText("live", { exact: true }).waitFor();
  });
});
