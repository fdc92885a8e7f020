import { expect, test } from "vitest";
import { statesPage } from "./docs/states-page.ts";

// `npm run docs` writes the pages anew; without it a page that is stale fails here.
test("docs/states.md says what the transition table says", async () => {
  await expect(statesPage()).toMatchFileSnapshot("../docs/states.md");
});
