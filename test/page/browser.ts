import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, inject, onTestFinished } from "vitest";

let connected: Promise<Browser> | undefined;

/** Whether there is a browser to test with. */
export const isInstalled = inject("browser") !== "";

/** What a page may complain of: it is told that it is missing. */
const EXPECTED: RegExp[] = [];

/**
 * A new page, alone with its cookies. Whatever it has against itself fails the test: errors, what the Content-Security-Policy forbids, and
 * what it wants from another host. `expected` are complaints that belong to the test.
 */
export async function openPage(
  url: string,
  options: BrowserContextOptions = {},
  expected: readonly RegExp[] = EXPECTED,
): Promise<Page> {
  connected ??= chromium.connect(inject("browser"));
  const context = await (await connected).newContext({
    viewport: { width: 1280, height: 900 },
    timezoneId: "UTC",
    ...options,
  });
  const complaints: string[] = [];
  const complain = (text: string) => {
    if (!expected.some((each) => each.test(text))) complaints.push(text);
  };
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complain(message.text());
  });
  context.on("weberror", (error) => complain(String(error.error().stack)));
  const { host } = new URL(url);
  context.on("request", (request) => {
    if (new URL(request.url()).host !== host) complain(`asked ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(url);
  return page;
}
