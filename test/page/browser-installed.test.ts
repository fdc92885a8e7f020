import { expect, test } from "vitest";
import { isInstalled } from "./browser.ts";

test.skipIf(isInstalled)("without Chromium the status page is not tested, unless REQUIRE_CHROMIUM=1", () => {
  const line = "Chromium is not installed (/usr/bin/chromium): the status page is not tested";
  console.log(line);
  expect(process.env.REQUIRE_CHROMIUM === "1", `${line}, and REQUIRE_CHROMIUM=1 says that it must be`).toBe(false);
});
