import type { Page } from "playwright-core";
import { expect, vi } from "vitest";

const BOUND = { timeout: 15_000, interval: 20 } as const;

/** Waits until the first client of the list is shown like this: texts by the heads of their columns. */
export async function showsRow(page: Page, expected: Record<string, unknown>): Promise<void> {
  await vi.waitFor(async () => expect(await row(page)).toMatchObject(expected), BOUND);
}

async function row(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const heads = Array.from(document.querySelectorAll("#clients thead tr:last-child button"), (button) => {
      return button.getAttribute("aria-label") ?? button.textContent!;
    });
    const cells = document.querySelector<HTMLTableRowElement>("#clients tbody tr")?.cells ?? [];
    return Object.fromEntries(Array.from(cells, (cell, index) => [heads[index]!, cell.textContent!]));
  });
}
