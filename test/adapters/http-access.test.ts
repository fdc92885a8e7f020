import { connect } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HttpSite } from "./http-site.ts";
import { MadeUpSource, summary } from "./made-up-source.ts";

const TOKEN = "a-token-of-24-characters";
const BEARER = { authorization: `Bearer ${TOKEN}` };

const guarded = (over = {}) => HttpSite.start({ source: new MadeUpSource([summary("d1")]), token: TOKEN, ...over });
const open = (over = {}) => HttpSite.start({ source: new MadeUpSource([summary("d1")]), ...over });

async function logIn(site: HttpSite, token: string, path = "/login") {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return site.ask(path, { method: "POST", headers, body: `token=${encodeURIComponent(token)}` });
}

describe("where there is a token", () => {
  test.each([
    "/api/gateway",
    "/api/clients",
    "/api/clients/d1",
    "/api/history",
    "/api/stream",
    "/api/clients/d1/stream",
    "/api/clients/d1/trace",
    "/api/trace?address=10.0.0.7",
    "/metrics",
  ])("%s is for who shows it", async (path) => {
    const site = await guarded();
    const without = await site.ask(path);
    expect(without.status).toBe(401);
    expect(without.headers["www-authenticate"]).toMatch(/^Bearer /);
    expect(JSON.parse(without.body)).toMatchObject({ error: "unauthorized" });
    const wrong = await site.ask(path, { headers: { authorization: "Bearer another-token-of-24-chars" } });
    expect(wrong.status).toBe(401);
    // Of a stream one need not see more than its head.
    expect((await site.ask(path, { method: "HEAD", headers: BEARER })).status).toBe(200);
  });

  test.each(["POST /api/clients/d1/disconnect", "DELETE /api/clients/d1"])(
    "%s does nothing without it",
    async (line) => {
      const source = new MadeUpSource([summary("d1")]);
      const site = await guarded({ source });
      const [method, path] = line.split(" ") as [string, string];
      expect((await site.ask(path, { method })).status).toBe(401);
      expect(source.dismissed).toEqual([]);
      expect((await site.ask(path, { method, headers: BEARER })).status).toBe(202);
      expect(source.dismissed).toHaveLength(1);
    },
  );

  test.each(["/healthz", "/readyz", "/login", "/assets/style.css", "/api/openapi.yaml"])(
    "%s is for everybody",
    async (path) => {
      const site = await guarded();
      expect((await site.ask(path)).status).toBe(200);
    },
  );

  test.each([
    ["/", "/login"],
    ["/client?id=a%2Fb", "/login?next=%2Fclient%3Fid%3Da%252Fb"],
  ])("%s leads to the login, which leads back", async (path, login) => {
    const site = await guarded();
    const { status, headers } = await site.ask(path);
    expect([status, headers.location]).toEqual([303, login]);
    const back = await logIn(site, TOKEN, login);
    expect([back.status, back.headers.location]).toEqual([303, path]);
  });

  test.each(["https://evil.example/", "//evil.example/", "/\\evil.example", "/login", "javascript:alert(1)"])(
    "the login does not lead to %s",
    async (next) => {
      const site = await guarded();
      const { headers } = await logIn(site, TOKEN, `/login?next=${encodeURIComponent(next)}`);
      expect(headers.location).toBe("/");
    },
  );

  test("nor to what no header may carry", async () => {
    for (const next of ["/?\u20ac", "/?\r\nset-cookie: a=b", "/client?\0", "/?a b", "/client?id=\u00e9"]) {
      const path = `/login?next=${encodeURIComponent(next)}`;
      const site = await guarded();
      expect((await logIn(site, TOKEN, path)).headers.location).toBe("/");
      expect((await (await open()).ask(path)).headers.location).toBe("/");
    }
  });

  test("a live view ends when another token holds, and not when anything else has changed", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource([summary("d1")]) });
    const reader = await site.read("/api/clients/d1/trace");
    site.server.reload({ token: undefined, hosts: ["gateway.example"] });
    expect((await site.ask("/healthz")).status).toBe(200);
    expect([reader.isClosed, site.server.streamCount]).toEqual([false, 1]);
    site.server.reload({ token: TOKEN, hosts: [] });
    await vi.waitFor(() => expect([reader.isClosed, site.server.streamCount]).toEqual([true, 0]), { timeout: 10_000 });
  });

  test("the login gives a cookie that no script sees and no other site sends, and which is not the token", async () => {
    const site = await guarded();
    const { headers } = await logIn(site, TOKEN);
    const [cookie] = headers["set-cookie"]!;
    expect(cookie).toMatch(/^mqttsn_access_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(cookie).not.toContain(TOKEN);
    const shown = cookie!.split(";")[0]!;
    expect((await site.ask("/api/gateway", { headers: { cookie: `other=1; ${shown}` } })).status).toBe(200);
    expect((await site.ask("/api/gateway", { headers: { cookie: `${shown.slice(0, -1)}!` } })).status).toBe(401);
    const another = await guarded();
    expect((await another.ask("/api/gateway", { headers: { cookie: shown } })).status).toBe(401);
  });

  test("another token makes cookies and the token of before worthless, at once", async () => {
    const site = await guarded();
    const [cookie] = (await logIn(site, TOKEN)).headers["set-cookie"]!;
    site.server.reload({ token: "another-token-of-24-chars", hosts: [] });
    expect((await site.ask("/api/gateway", { headers: { cookie: cookie!.split(";")[0]! } })).status).toBe(401);
    expect((await site.ask("/api/gateway", { headers: BEARER })).status).toBe(401);
  });

  test("a wrong token leads back to the login, and after ten of them an address waits, also with the right one", async () => {
    const site = await guarded();
    for (let count = 0; count < 10; count += 1) {
      const { status, headers } = await logIn(site, "wrong-token-of-24-chars!", "/login?next=%2F");
      expect([status, headers.location]).toEqual([303, "/login?next=%2F#wrong"]);
    }
    expect((await logIn(site, TOKEN)).headers.location).toBe("/login#wait");
    const { status, headers } = await site.ask("/api/gateway", { headers: BEARER });
    expect([status, headers["retry-after"]]).toEqual([429, "60"]);
    expect(site.wrongTokens).toHaveLength(10);
  });

  test("who calls it by a name of somebody else does not make others at the same address wait", async () => {
    const site = await guarded();
    const guess = { host: "evil.example", authorization: "Bearer another-token-of-24-chars" };
    for (let count = 0; count < 20; count += 1) {
      expect((await site.ask("/api/gateway", { headers: guess })).status).toBe(421);
    }
    expect(site.wrongTokens).toHaveLength(10);
    expect((await site.ask("/api/gateway", { headers: { ...guess, ...BEARER } })).status).toBe(421);
    expect((await site.ask("/api/gateway", { headers: BEARER })).status).toBe(200);
    expect((await logIn(site, TOKEN)).headers.location).toBe("/");
  });

  test.each(["", "Basic abc", "Bearer", "Bearer ", "Bearer \u00ff"])(
    "%j is no token, and no error either",
    async (authorization) => {
      const site = await guarded();
      expect((await site.ask("/api/gateway", { headers: { authorization } })).status).toBe(401);
      expect(site.failures).toEqual([]);
    },
  );
});

describe("/readyz, while the gateway is not ready,", () => {
  const source = new MadeUpSource();
  source.notReady = "the broker has not been reached yet: ECONNREFUSED 10.9.8.7";
  const reason = `${source.notReady}\n`;

  test("says why to who has the token, and only that it is not to others", async () => {
    const site = await guarded({ source });
    expect(await site.ask("/readyz")).toMatchObject({ status: 503, body: "not ready\n" });
    const wrong = { authorization: "Bearer another-token-of-24-chars" };
    expect(await site.ask("/readyz", { headers: wrong })).toMatchObject({ status: 503, body: "not ready\n" });
    expect(site.wrongTokens).toHaveLength(1);
    expect(await site.ask("/readyz", { headers: BEARER })).toMatchObject({ status: 503, body: reason });
  });

  test("says why where no token is needed, but not to pages of others", async () => {
    const site = await open({ source });
    expect(await site.ask("/readyz")).toMatchObject({ status: 503, body: reason });
    for (const headers of [{ host: "evil.example" }, { origin: "http://evil.example" }]) {
      expect(await site.ask("/readyz", { headers })).toMatchObject({ status: 503, body: "not ready\n" });
    }
  });
});

describe("the name by which it is called", () => {
  const own = hostname();
  test.each([
    "127.0.0.1",
    "127.0.0.1:9884",
    "[::1]:9884",
    "192.168.1.2",
    "localhost",
    "LOCALHOST:80",
    own,
    `${own.split(".")[0]}.local`,
    "gateway.example",
  ])("%s is its own", async (host) => {
    const site = await open({ hosts: ["Gateway.Example"] });
    expect((await site.ask("/api/gateway", { headers: { host } })).status).toBe(200);
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a b", "[::1"])(
    "%j is not, and so nothing is answered",
    async (host) => {
      const site = await open();
      for (const path of ["/", "/api/gateway", "/metrics", "/login", "/assets/style.css"]) {
        const { status, body } = await site.ask(path, { headers: { host } });
        expect([status, JSON.parse(body)]).toEqual([
          421,
          { error: "unknown-host", message: expect.stringMatching(/add the name to http\.hosts$/) },
        ]);
      }
    },
  );

  test("does not matter for /healthz and /readyz, and for who shows the token in a header", async () => {
    const site = await guarded();
    const headers = { host: "gateway.docker" };
    expect((await site.ask("/healthz", { headers })).status).toBe(200);
    expect((await site.ask("/readyz", { headers })).status).toBe(200);
    expect((await site.ask("/metrics", { headers })).status).toBe(421);
    expect((await site.ask("/metrics", { headers: { ...headers, ...BEARER } })).status).toBe(200);
  });

  test("may be another one after a reload", async () => {
    const site = await open();
    const headers = { host: "gateway.example" };
    expect((await site.ask("/", { headers })).status).toBe(421);
    site.server.reload({ token: undefined, hosts: ["gateway.example"] });
    expect((await site.ask("/", { headers })).status).toBe(200);
  });
});

describe("a page of another origin", () => {
  const FOREIGN = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  test.each(FOREIGN)("%j gets nothing, and changes nothing", async (headers) => {
    const source = new MadeUpSource([summary("d1")]);
    const site = await open({ source });
    for (const path of ["/api/gateway", "/api/stream", "/metrics"]) {
      const { status, body } = await site.ask(path, { headers });
      expect([status, JSON.parse(body).error]).toEqual([403, "foreign-page"]);
    }
    expect((await site.ask("/api/clients/d1", { method: "DELETE", headers })).status).toBe(403);
    expect((await site.ask("/api/clients/d1/disconnect", { method: "POST", headers })).status).toBe(403);
    expect(source.dismissed).toEqual([]);
  });

  test("cannot log in", async () => {
    const site = await guarded();
    const headers = { origin: "http://evil.example" };
    expect((await site.ask("/login", { method: "POST", headers, body: `token=${TOKEN}` })).status).toBe(403);
  });

  test("may have a link to ours", async () => {
    const site = await open();
    expect((await site.ask("/", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(200);
  });

  test.each(["http", "https"])("is not one of ours, over %s", async (scheme) => {
    const site = await open();
    const host = `127.0.0.1:${site.port}`;
    const headers = { origin: `${scheme}://${host}`, host, "sec-fetch-site": "same-origin" };
    expect((await site.ask("/api/gateway", { headers })).status).toBe(200);
  });
});

test("no answer may be framed, guessed at, or load anything from elsewhere", async () => {
  const site = await guarded();
  for (const path of ["/", "/login", "/assets/style.css", "/api/gateway", "/metrics", "/nowhere", "/healthz"]) {
    const { headers } = await site.ask(path);
    expect(headers, path).toMatchObject({
      "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
});

describe("what is sent besides", () => {
  test.each(["POST /api/clients/d1/disconnect", "DELETE /api/clients/d1", "GET /api/gateway"])(
    "%s has no body",
    async (line) => {
      const source = new MadeUpSource([summary("d1")]);
      const site = await open({ source });
      const [method, path] = line.split(" ") as [string, string];
      expect((await site.ask(path, { method, headers: { "content-length": "1" }, body: "x" })).status).toBe(413);
      expect(source.dismissed).toEqual([]);
    },
  );

  test("a body that is still to come is not waited for: the connection ends", async () => {
    const site = await open();
    const socket = connect(site.port, "127.0.0.1");
    socket.write("POST /api/clients/d1/disconnect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nabc");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  });

  test("a login of more than 4 KiB, or of unknown size, is not read", async () => {
    const site = await guarded();
    expect((await logIn(site, "x".repeat(5000))).status).toBe(413);
    const chunked = { method: "POST", headers: { "transfer-encoding": "chunked" }, body: `token=${TOKEN}` };
    expect((await site.ask("/login", chunked)).status).toBe(413);
    expect(site.wrongTokens).toEqual([]);
  });

  test("what is no HTTP, a path that is none, and a login that breaks off are no bugs of ours", async () => {
    const site = await guarded();
    const raw = async (octets: string) => {
      const socket = connect(site.port, "127.0.0.1");
      socket.end(octets);
      return text(socket);
    };
    expect(await raw("\x16\x03\x01\x02\n\n")).toMatch(/^HTTP\/1\.1 400/);
    expect(await raw("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 404/,
    );
    expect(await raw("GET /api/gateway HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 421/);
    expect(await raw("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 404/);
    expect(await raw("GET /api/clients/%ff HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 404/,
    );
    await raw("POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\ntoken=a");
    expect((await site.ask("/healthz")).status).toBe(200);
    expect(site.failures).toEqual([]);
  });
});

test("one address has half of the connections at most, and one that ends makes room", async () => {
  const site = await HttpSite.start({ source: new MadeUpSource(), streamsMax: 20 });
  let closed = 0;
  const sockets = Array.from({ length: 130 }, () => {
    const socket = connect(site.port, "127.0.0.1").on("error", () => {});
    return socket.on("close", () => {
      closed += 1;
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  // 60 of the 120 there may be.
  await vi.waitFor(() => expect(closed).toBe(70), { timeout: 10_000 });
  const health = () =>
    new Promise((resolve) => {
      const socket = connect(site.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.end("GET /healthz HTTP/1.0\r\n\r\n");
      text(socket).then(resolve, () => resolve(""));
    });
  expect(await health()).toBe("");
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => expect(await health()).toMatch(/^HTTP\/1\.1 200/), { timeout: 10_000 });
});
