import { afterAll, beforeAll, describe, test } from "vitest";
import { INTEROP_CASES, INTEROP_FLAGS } from "../interop/cases.ts";
import { predefinedTopicFlags } from "../interop/predefined.ts";
import { Site } from "../interop/site.ts";

describe("the gateway with its embedded broker", () => {
  const ends: (() => void)[] = [];
  const atEnd = (end: () => void) => ends.push(end);
  let site: Site;

  beforeAll(async () => {
    site = await Site.start("embedded:", [...INTEROP_FLAGS, ...predefinedTopicFlags(atEnd)], atEnd);
  });
  afterAll(() => {
    for (const end of ends.reverse()) end();
  });

  for (const { name, run } of INTEROP_CASES) test(name, () => run(site));
});
