import type { Page } from "playwright-core";
import { expect, vi } from "vitest";

const BOUND = { timeout: 10_000, interval: 20 } as const;

/** The client ids in the list, from the top. */
export async function shownNames(page: Page): Promise<string[]> {
  return page.locator("#clients tbody th a").allTextContents();
}

/** Waits until the list begins with this client, and has so many. */
export async function showsList(page: Page, first: string, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const shown = await shownNames(page);
    expect([shown[0], shown.length]).toEqual([first, count]);
  }, BOUND);
}
