import type { Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { isInstalled, openPage } from "./browser.ts";
import { contrasts } from "./contrasts.ts";
import { madeUpClient } from "./made-up-gateway.ts";
import { madeUpSite } from "./made-up-site.ts";
import { nameless } from "./nameless.ts";

const BOUND = { timeout: 10_000, interval: 20 } as const;

/** Clients in every state, with long and short names, and everything that a page has a place for. */
async function everything() {
  const { gateway, url } = await madeUpSite();
  const now = Date.now();
  const gone = (how: "lost" | "refused" | "abandoned" | "disconnected") => ({
    state: how,
    lostAt: null,
    parted: { how, at: now - 60_000, reason: "for some reason" },
  });
  gateway.add(
    madeUpClient("active"),
    madeUpClient("asleep", { state: "asleep", sleepSeconds: 600 }),
    madeUpClient("late", { state: "asleep", sleepSeconds: 60, lastSeen: now - 120_000 }),
    madeUpClient("awake", { state: "awake", wirelessNodeId: "0a0b0c" }),
    madeUpClient("connecting", { state: "connecting" }),
    madeUpClient("chatty", { repeatedIn: 30, published: 30, octetsIn: 123_456_789 }),
    madeUpClient("x".repeat(256)),
    ...(["lost", "refused", "abandoned", "disconnected"] as const).map((how) => madeUpClient(how, gone(how))),
  );
  gateway.about.log = [{ at: now, level: "warn", name: "client.lost", message: "lost is lost", clientId: "lost" }];
  gateway.about.limitsReached = { "clients.max_queued": 2 };
  gateway.details.subscribed = [{ filter: "house/#", qos: 1, topicIdType: "normal", topicId: 0 }];
  gateway.details.topicIds = [{ id: 1, name: "t".repeat(300), announced: true, suppressed: false }];
  gateway.details.will = { topic: "w", qos: 1, retain: true, octets: 3 };
  gateway.details.events = [{ at: now, event: "PUBLISH", id: 7 }];
  gateway.points = Array.from({ length: 600 }, (_, index) => ({
    at: now - (600 - index) * 1000,
    datagramsInPerSecond: 2,
    datagramsOutPerSecond: 2,
    publishedPerSecond: 2,
    deliveredPerSecond: 1,
    repeatedPerSecond: 0,
    clients: 7,
    asleep: 2,
    brokerReachable: index < 100 || index > 160,
  }));
  return { gateway, url };
}

async function isThere(page: Page): Promise<void> {
  await vi.waitFor(async () => expect(await page.locator("#clients tbody tr").count()).toBe(11), BOUND);
  await vi.waitFor(async () => expect(await page.locator("#attention-list li").count()).toBeGreaterThan(3), BOUND);
  await page.locator("#chart canvas").waitFor();
}

describe.skipIf(!isInstalled)("how the status page looks", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`in the ${colorScheme} scheme every text has a contrast of 4.5:1 at least`, async () => {
      const { url } = await everything();
      const page = await openPage(url, { colorScheme });
      await isThere(page);
      expect((await contrasts(page)).filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      expect((await contrasts(page)).length).toBeGreaterThan(50);
      await page.goto(`${url}/client?id=late`);
      await page.locator("#diagnosis:not(:empty)").waitFor();
      await page.getByRole("button", { name: "Forget" }).click();
      expect((await contrasts(page)).filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      // That it is really this scheme.
      const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      expect(Number(/\d+/.exec(ground)![0]) < 128).toBe(colorScheme === "dark");
    });
  }

  test("on a phone nothing is wider than the screen, also with large letters", async () => {
    const { url } = await everything();
    const page = await openPage(url, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await isThere(page);
    const overhang = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overhang()).toBe(0);
    await page.evaluate(() => {
      document.documentElement.style.fontSize = "200%";
    });
    expect(await overhang()).toBe(0);
    await page.goto(`${url}/client?id=${"x".repeat(256)}`);
    await page.locator("#state").getByText("active").waitFor();
    expect(await overhang()).toBe(0);
  });

  test("everything that can be used has a name; there are landmarks, headings in order, and heads of columns", async () => {
    const { url } = await everything();
    const page = await openPage(url);
    await isThere(page);
    for (const path of ["", "/client?id=late", "/client?id=nobody", "/client?address=10.0.0.7"]) {
      await page.goto(url + path);
      await page.locator("h2:visible").first().waitFor();
      expect(await nameless(page)).toEqual([]);
      const levels = await page
        .locator("h1:visible, h2:visible, h3:visible")
        .evaluateAll((all) => all.map(({ tagName }) => tagName));
      expect(levels[0]).toBe("H1");
      expect(levels.filter((level) => level === "H1")).toHaveLength(1);
      for (const landmark of ["banner", "main"] as const) expect(await page.getByRole(landmark).count()).toBe(1);
    }
    await page.goto(url);
    await isThere(page);
    const tree = await page.locator("#list").ariaSnapshot();
    expect(tree).toContain('table "Clients, with what they do and cost. The buttons in the heads sort them."');
    expect(tree).toContain('columnheader "Queued"');
    expect(tree).toMatch(/rowheader "lost /);
    const chart = await page.getByRole("img", { name: /^Messages a second/ }).getAttribute("aria-label");
    expect(chart).toMatch(/From clients: 2\.0 on average.*The broker was not reachable from/);
  });

  test("with the keyboard alone one comes to a client, through a dialog and back", async () => {
    const { gateway, url } = await everything();
    const page = await openPage(url);
    await isThere(page);
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement!.textContent!.trim());
    expect(await focused()).toBe("To the clients");
    await page.keyboard.press("Enter");
    for (let presses = 0; presses < 60 && (await focused()) !== "late"; presses += 1) {
      await page.keyboard.press("Tab");
      const ring = await page.evaluate(() => {
        const focus = document.activeElement!;
        const shown = focus.closest(".chip") ?? focus;
        return getComputedStyle(shown).outlineStyle;
      });
      expect(ring).not.toBe("none");
    }
    expect(await focused()).toBe("late");
    await page.keyboard.press("Enter");
    await page.locator("#state").getByText("asleep").waitFor();
    for (let presses = 0; presses < 20 && (await focused()) !== "Disconnect…"; presses += 1)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("Cancel");
    await page.keyboard.press("Escape");
    expect([await focused(), gateway.dismissed]).toEqual(["Disconnect…", []]);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("It has been told to disconnect.").waitFor();
    expect(gateway.dismissed).toEqual([["late", false]]);
  });

  test("without the chart's library the page has the table, and all the rest", async () => {
    const { url } = await everything();
    const page = await openPage(url, {}, [/uplot|Failed to load resource/]);
    await page.route("**/assets/uplot.js", (route) => route.abort());
    await page.reload();
    await page.locator("#chart-rows tr").first().waitFor();
    expect(await page.locator("#chart").isVisible()).toBe(false);
    await vi.waitFor(async () => expect(await page.locator("#clients tbody tr").count()).toBe(11), BOUND);
  });
});
