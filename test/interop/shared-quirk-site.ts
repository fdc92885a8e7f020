import type { AtEnd } from "../process/gateway-process.ts";
import type { QuirkSite } from "./quirk-site.ts";

/** What several tests share: the first of them starts it, and each is told where its own devices and clients end. */
export function sharedQuirkSite(start: () => Promise<QuirkSite>): (atEnd: AtEnd) => Promise<QuirkSite> {
  let site: Promise<QuirkSite> | undefined;
  return async (atEnd) => {
    site ??= start();
    return (await site).forTest(atEnd);
  };
}
