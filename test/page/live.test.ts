import type { Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { isInstalled, openPage } from "./browser.ts";
import { madeUpClient, madeUpFleet } from "./made-up-gateway.ts";
import { madeUpSite } from "./made-up-site.ts";
import { shownNames, showsList } from "./shown-names.ts";

const BOUND = { timeout: 10_000, interval: 20 } as const;

/** The text of a client's cell of this class. */
function cell(page: Page, clientId: string, kind: string) {
  return page
    .locator("#clients tbody tr", { has: page.getByRole("link", { name: clientId, exact: true }) })
    .locator(kind);
}

/** As the browser does it when another tab is looked at. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

describe.skipIf(!isInstalled)("what a live page does while it is looked at", () => {
  test("what changes is written into the cells that are there; rows under the mouse stay until it leaves", async () => {
    const { gateway, url } = await madeUpSite();
    gateway.add(madeUpClient("a", { queued: 9 }), madeUpClient("b", { queued: 5 }), madeUpClient("c", { queued: 1 }));
    const page = await openPage(`${url}/?sort=queued&order=desc`);
    await showsList(page, "a", 3);
    const row = await page.locator("#clients tbody tr").first().elementHandle();
    await page.locator("#clients tbody tr").first().hover();
    gateway.change("c", { queued: 77 });
    await vi.waitFor(async () => expect(await cell(page, "c", "td.number").first().textContent()).toBe("77"), BOUND);
    expect(await shownNames(page)).toEqual(["a", "b", "c"]);
    await page.mouse.move(0, 0);
    await vi.waitFor(async () => expect(await shownNames(page)).toEqual(["c", "a", "b"]), BOUND);
    expect(await row!.evaluate((node) => node.isConnected && node.querySelector("a")!.textContent)).toBe("a");

    await page.getByRole("link", { name: "b", exact: true }).focus();
    gateway.change("b", { queued: 99 });
    await vi.waitFor(async () => expect(await cell(page, "b", "td.number").first().textContent()).toBe("99"), BOUND);
    expect(await shownNames(page)).toEqual(["c", "a", "b"]);
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe("b");
  });

  test("clients that need a look are at the top, worst first, with what is probably wrong", async () => {
    const { gateway, url } = await madeUpSite();
    const now = Date.now();
    gateway.add(...madeUpFleet(80).map((client) => ({ ...client, state: "active" as const, parted: null })));
    gateway.add(
      madeUpClient("chatty", { repeatedIn: 30, published: 30 }),
      madeUpClient("late", { state: "asleep", sleepSeconds: 60, lastSeen: now - 240_000, lostAt: now + 30_000 }),
    );
    const page = await openPage(url);
    await vi.waitFor(async () => {
      expect(await page.locator("#attention-list li").allTextContents()).toEqual([
        expect.stringMatching(
          /^asleeplatesilent: was due to wake up 180 s ago|^asleeplatesilent: was due to wake up 3 min ago/,
        ),
        "activechattysends everything twice: the answers do not reach it, or come too late",
      ]);
    }, BOUND);
  });

  test("that the broker cannot be reached is said with the reason and what to look at", async () => {
    const { gateway, url } = await madeUpSite();
    const broker = { url: "mqtt://broker.example:1883", outages: 1, mqttVersion: 4 as const };
    const page = await openPage(url);
    await page.locator("#broker-state").getByText("reachable", { exact: true }).waitFor();
    const place = await page.locator("#attention").boundingBox();
    gateway.about.broker = { ...broker, reachable: false, since: Date.now(), reason: "connection refused" };
    await page.locator("#broker-state").getByText("not reachable").waitFor();
    expect(await page.locator("#broker").innerText()).toMatch(/1 outage.*connection refused.*broker\.url/s);
    expect((await page.locator("#attention").boundingBox())!.y).toBe(place!.y);
    gateway.about.broker = { ...broker, reachable: true, since: Date.now(), reason: null };
    await page.locator("#broker-state").getByText("reachable", { exact: true }).waitFor();
    expect(await page.locator("#broker").innerText()).not.toContain("broker.url");
  });

  test("a page that nobody looks at leaves its place to others, and is live when it is looked at again", async () => {
    const { gateway, url } = await madeUpSite(1);
    gateway.add(madeUpClient("a", { queued: 1 }));
    const first = await openPage(url);
    await showsList(first, "a", 1);
    await setHidden(first, true);
    const second = await openPage(url);
    await showsList(second, "a", 1);
    await second.close();
    gateway.change("a", { queued: 55 });
    await setHidden(first, false);
    await vi.waitFor(async () => expect(await cell(first, "a", "td.number").first().textContent()).toBe("55"), BOUND);
  });

  test("a page too many is told that there is no room, and is live when there is", async () => {
    const { gateway, url } = await madeUpSite(1);
    gateway.add(madeUpClient("a"));
    const first = await openPage(url);
    await showsList(first, "a", 1);
    const second = await openPage(url, {}, [/Failed to load resource/]);
    await second.getByText("The gateway has no room for one more live view").waitFor();
    await first.close();
    await showsList(second, "a", 1);
    expect(await second.locator("#not-live").textContent()).toBe("");
  });
});
