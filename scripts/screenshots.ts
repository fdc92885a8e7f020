/** Takes the pictures of the status page for the documents: docs/images. What is seen is made up, and the same each time. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { HttpServer } from "../src/http/http-server.ts";
import { CHROMIUM, CHROMIUM_FLAGS } from "../test/page/chromium.ts";
import { madeUpHouse } from "../test/page/made-up-house.ts";

const ROOT = new URL("../../", import.meta.url);
const IMAGES = new URL("docs/images/", ROOT);

/** What one has to wait for on a slow network is no good picture. */
const OCTETS_MAX = 256 * 1024;

const DESK = { width: 1280, height: 1180 } as const;
const PHONE = { width: 390, height: 844 } as const;

interface Picture {
  name: string;
  path: string;
  options: BrowserContextOptions;
  prepare?: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  { name: "overview-light", path: "/", options: { viewport: DESK, colorScheme: "light" } },
  { name: "overview-dark", path: "/", options: { viewport: DESK, colorScheme: "dark" } },
  {
    name: "overview-phone",
    path: "/",
    options: { viewport: PHONE, isMobile: true, colorScheme: "light" },
  },
  {
    name: "client",
    path: "/client?id=boiler-cellar",
    options: { viewport: DESK, colorScheme: "light" },
    prepare: async (page) => {
      await page.getByRole("button", { name: "Start" }).click();
      await page.locator("#trace-rows tr").nth(5).waitFor();
    },
  },
];

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string };
  const server = new HttpServer({
    source: madeUpHouse(Date.now(), version),
    folders: { page: new URL("dist/page/", ROOT), openApi: new URL("docs/openapi.yaml", ROOT) },
    streamsMax: 50,
    token: undefined,
    hosts: [],
    onWrongToken: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  const port = await server.listen("127.0.0.1", 0);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS, "--hide-scrollbars"] });
  try {
    mkdirSync(IMAGES, { recursive: true });
    for (const { name, path, options, prepare } of PICTURES) {
      const context = await browser.newContext({ ...options, timezoneId: "UTC", reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}${path}`);
      await page.locator("#live-word").getByText("live", { exact: true }).waitFor();
      if (path === "/") {
        await page.locator("#clients tbody tr").nth(15).waitFor();
        await page.locator("#attention-list li").nth(2).waitFor();
        await page.locator("#chart canvas").waitFor();
        await page.locator("#published").getByText(/[1-9]/).waitFor();
      }
      await prepare?.(page);
      const picture = await page.screenshot();
      if (picture.length > OCTETS_MAX) throw new Error(`${name}.png has ${picture.length} octets`);
      const file = fileURLToPath(new URL(`${name}.png`, IMAGES));
      writeFileSync(file, picture);
      console.log(`${file}: ${Math.round(picture.length / 1024)} KiB`);
      await context.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

await main();
