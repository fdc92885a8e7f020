import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isInstalled, openPage } from "./browser.ts";
import { madeUpClient, madeUpFleet } from "./made-up-gateway.ts";
import { madeUpSite } from "./made-up-site.ts";
import { shownNames, showsList } from "./shown-names.ts";

const BOUND = { timeout: 10_000, interval: 20 } as const;

/** How much time of a processor the page has taken, whatever else the machine does. */
async function cpuMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")!.value;
  };
}

describe.skipIf(!isInstalled)("the list of clients", () => {
  test("10,000 clients are searched, filtered, sorted and paged without freezing", async () => {
    const { gateway, url } = await madeUpSite();
    gateway.add(...madeUpFleet(10_000));
    const page = await openPage(url);
    await page.evaluate(() => {
      const longest = { ms: 0 };
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
      }).observe({ type: "longtask", buffered: false });
      Object.assign(window, { longest });
    });
    await showsList(page, "sensor-00000", 50);
    expect(await page.locator("#shown").textContent()).toBe("1 to 50 of 10,000 clients");

    await page.getByRole("button", { name: "Next" }).click();
    await showsList(page, "sensor-00050", 50);
    await page.getByRole("button", { name: "Last", exact: true }).click();
    await showsList(page, "sensor-09950", 50);
    expect(new URL(page.url()).search).toBe("?page=200");

    await page.getByLabel("Search").fill("OR-0123");
    await showsList(page, "sensor-01230", 10);
    await page.getByRole("checkbox", { name: "lost" }).check();
    await showsList(page, "sensor-01237", 1);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("button", { name: "Datagrams from" }).click();
    await showsList(page, "sensor-09999", 50);
    expect(await page.locator("#clients th[aria-sort]").allTextContents()).toEqual(["from"]);
    await page.getByRole("button", { name: "Datagrams from" }).click();
    await showsList(page, "sensor-00000", 50);

    const { ms } = await page.evaluate(() => (window as unknown as { longest: { ms: number } }).longest);
    // Long for one task, and short enough on a machine that does other things as well; a list with all of them at once would take seconds.
    expect(ms).toBeLessThan(400);
  });

  test("with 10,000 clients a live page has little to do", async () => {
    const { gateway, url } = await madeUpSite();
    const clients = madeUpFleet(10_000);
    gateway.add(...clients);
    const page = await openPage(url);
    await showsList(page, "sensor-00000", 50);
    let rounds = 0;
    const timer = setInterval(() => {
      rounds += 1;
      for (const [index, client] of clients.entries()) {
        gateway.change(client.clientId, { datagramsIn: index + rounds, octetsIn: 1000 * rounds, lastSeen: Date.now() });
      }
    }, 500);
    onTestFinished(() => clearInterval(timer));
    const cpuSeconds = await cpuMeter(page);
    const before = await cpuSeconds();
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(8), BOUND);
    const share = ((await cpuSeconds()) - before) / (rounds / 2);
    // Of one core, every row of the list having changed every second.
    expect(share).toBeLessThan(0.05);
  });

  test("the address says what is shown: it can be shared, and gone back to", async () => {
    const { gateway, url } = await madeUpSite();
    gateway.add(...madeUpFleet(200));
    const page = await openPage(`${url}/?search=sensor-001&state=lost&sort=datagramsIn&order=desc`);
    await showsList(page, "sensor-00197", 13);
    expect(await page.getByLabel("Search").inputValue()).toBe("sensor-001");
    expect(await page.getByRole("checkbox", { name: "lost" }).isChecked()).toBe(true);
    await page.getByRole("checkbox", { name: "lost" }).uncheck();
    await showsList(page, "sensor-00199", 50);
    await page.goBack();
    await showsList(page, "sensor-00197", 13);
    expect(await page.getByRole("checkbox", { name: "lost" }).isChecked()).toBe(true);
  });

  test("what a client id is made of is text, and what cannot be seen in it is shown", async () => {
    const { gateway, url } = await madeUpSite();
    const nasty = [
      "<img src=x onerror=document.title='hacked'>",
      "a\u202eb\u0007\u200bc",
      "Ω".repeat(256),
      "a/b?c#d%2f&é",
    ];
    gateway.add(...nasty.map((id) => madeUpClient(id, { state: "lost", parted: { how: "lost", at: 1, reason: id } })));
    gateway.about.log = [
      { at: 1, level: "warn", name: "client.lost", message: `lost: ${nasty[0]}`, clientId: nasty[0]! },
    ];
    const page = await openPage(url);
    await vi.waitFor(async () => expect(await shownNames(page)).toHaveLength(4), BOUND);
    await vi.waitFor(async () => expect(await page.locator("#attention-list li").count()).toBe(4), BOUND);
    expect(await shownNames(page)).toContain("a⟨202E⟩b␇⟨200B⟩c");
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).toBe("MQTT-SN gateway 1");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    for (const id of nasty) {
      await page.goto(`${url}/client?id=${encodeURIComponent(id)}`);
      await page.locator("#state").getByText("lost").waitFor();
    }
    expect(await page.title()).toBe("a/b?c#d%2f&é: MQTT-SN gateway");
  });
});
