import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isInstalled, openPage } from "./browser.ts";
import { madeUpClient } from "./made-up-gateway.ts";
import { madeUpSite } from "./made-up-site.ts";
import { showsList } from "./shown-names.ts";

/** A way to the server at this URL, on which live views can fall silent: nothing comes any more, and nobody is told. */
async function silentWay(url: string): Promise<{ url: string; fallSilent: () => void }> {
  const sockets = new Set<Socket>();
  const ofStreams = new Set<Socket>();
  const way = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.on("data", (request: Buffer) => {
      if (request.includes("GET /api/stream")) ofStreams.add(near).add(far);
    });
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  await once(way, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    way.close();
  });
  const fallSilent = () => {
    for (const socket of ofStreams) socket.unpipe().pause();
  };
  return { url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`, fallSilent };
}

describe.skipIf(!isInstalled)("a page whose stream has died without a word", () => {
  test("notices it though the gateway answers, and shows again what is", async () => {
    const { gateway, url } = await madeUpSite();
    gateway.add(madeUpClient("a"));
    const way = await silentWay(url);
    const page = await openPage(way.url);
    await page.clock.install();
    await page.reload();
    await showsList(page, "a", 1);
    way.fallSilent();
    gateway.add(madeUpClient("b"));
    await vi.waitFor(
      async () => {
        await page.clock.fastForward(10_000);
        expect(await page.locator("#clients tbody tr").count()).toBe(2);
      },
      { timeout: 20_000, interval: 200 },
    );
  });
});
