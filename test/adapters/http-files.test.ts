import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { StaticFiles } from "../../src/http/static-files.ts";
import { HttpSite } from "./http-site.ts";
import { MadeUpSource } from "./made-up-source.ts";

const start = (over = {}) => HttpSite.start({ source: new MadeUpSource(), ...over });

describe("files of the status page", () => {
  test.each([
    ["/", "text/html; charset=utf-8", /overview/],
    ["/client?id=d1", "text/html; charset=utf-8", /client/],
    ["/assets/style.css", "text/css; charset=utf-8", /body/],
    ["/assets/overview.js", "text/javascript; charset=utf-8", /export/],
    ["/assets/uplot.js", "text/javascript; charset=utf-8", /export \{ uPlot as default \}/],
    ["/assets/uplot.css", "text/css; charset=utf-8", /\.uplot/],
    ["/api/openapi.yaml", "application/yaml; charset=utf-8", /^openapi: 3\.1/],
  ])("%s is %s", async (path, contentType, content) => {
    const site = await start();
    const { status, headers, body } = await site.ask(path);
    expect([status, headers["content-type"]]).toEqual([200, contentType]);
    expect(body).toMatch(content);
  });

  test("are asked for each time, and sent only where they are others", async () => {
    const site = await start();
    const { headers } = await site.ask("/assets/overview.js");
    expect(headers["cache-control"]).toBe("no-cache");
    const again = await site.ask("/assets/overview.js", { headers: { "if-none-match": headers.etag! } });
    expect([again.status, again.body, again.headers.etag]).toEqual([304, "", headers.etag]);
    const other = await site.ask("/assets/overview.js", { headers: { "if-none-match": '"another"' } });
    expect(other.status).toBe(200);
  });

  test("are sent in gzip to who takes it", async () => {
    const site = await start();
    const zipped = await new Promise<{ encoding: string | undefined; octets: Buffer }>((resolve, reject) => {
      const options = { host: "127.0.0.1", port: site.port, path: "/assets/overview.js", agent: false as const };
      get({ ...options, headers: { "accept-encoding": "br, gzip, deflate" } }, (response) => {
        const encoding = response.headers["content-encoding"];
        buffer(response).then((octets) => resolve({ encoding, octets }), reject);
      }).on("error", reject);
    });
    expect(zipped.encoding).toBe("gzip");
    expect(zipped.octets.length).toBeLessThan(200);
    expect(gunzipSync(zipped.octets).toString()).toBe((await site.ask("/assets/overview.js")).body);
    expect((await site.ask("/assets/overview.js")).headers["content-encoding"]).toBeUndefined();
  });

  test.each([
    "/assets/",
    "/assets/nothing.js",
    "/assets/secret.txt",
    "/assets/index.html",
    "/assets/../index.html",
    "/assets/..%2Findex.html",
    "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/style.css/",
    "/assets/__proto__",
    "/assets/constructor",
    "/assets/uPlot.esm.js",
    "/index.html",
    "/favicon.ico",
    "//",
    "/api",
    "/api/",
    "/API/gateway",
  ])("%s is not there", async (path) => {
    const site = await start();
    const { status, body } = await site.ask(path);
    expect([status, JSON.parse(body).error]).toEqual([404, "not-found"]);
  });

  test("are looked for once, however many are asked for that are not there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "static-files-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const page = pathToFileURL(`${folder}/`);
    const files = new StaticFiles({ page, openApi: page });
    writeFileSync(join(folder, "one.js"), "1");
    expect(await files.asset("nothing.js", {})).toBeUndefined();
    // That it is not found shows that nobody has looked again.
    writeFileSync(join(folder, "two.js"), "2");
    expect(await files.asset("two.js", {})).toBeUndefined();
    expect(await files.asset("one.js", {})).toMatchObject({ status: 200 });
  });

  test("that are not built are told of as such, and nothing fails", async () => {
    const nowhere = new URL("./nowhere/", import.meta.url);
    const site = await start({ folders: { page: nowhere, openApi: nowhere } });
    for (const path of ["/", "/client", "/assets/style.css", "/api/openapi.yaml"]) {
      expect((await site.ask(path)).status).toBe(404);
    }
    expect(site.failures).toEqual([]);
  });

  test("the login leads on where no token is needed", async () => {
    const site = await start();
    const { status, headers } = await site.ask("/login?next=%2Fclient%3Fid%3Dd1");
    expect([status, headers.location]).toEqual([303, "/client?id=d1"]);
  });
});
