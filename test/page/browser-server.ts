import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { CHROMIUM, CHROMIUM_FLAGS } from "./chromium.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the browser is to be spoken to; empty where there is none. */
    browser: string;
  }
}

/** One browser for all tests; gives what ends it. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!existsSync(CHROMIUM)) {
    project.provide("browser", "");
    return undefined;
  }
  const server = await chromium.launchServer({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS] });
  project.provide("browser", server.wsEndpoint());
  return () => server.close();
}
