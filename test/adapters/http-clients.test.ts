import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClientList, ClientSummary } from "../../src/http/answers.ts";
import { CLIENT_STATES, type ClientQuery, clientQuery } from "../../src/http/client-query.ts";
import { ClientSnapshot } from "../../src/http/client-snapshot.ts";
import { naturalOrder } from "../../src/http/natural-order.ts";
import type { Job } from "../../src/http/work-share.ts";
import { HttpSite } from "./http-site.ts";
import { fleet, MadeUpSource, summary } from "./made-up-source.ts";

/** Does a job, and counts its steps. */
function done<T>(job: Job<T>): { value: T; steps: number } {
  for (let steps = 1; ; steps += 1) {
    const result = job.next();
    if (result.done === true) return { value: result.value, steps };
  }
}

/** The same as the server is to find, in the plainest way. */
function plainly(all: readonly ClientSummary[], query: ClientQuery): ClientSummary[] {
  const { search, states, sort, descending } = query;
  const fitting = all.filter(
    ({ state, clientId, address, wirelessNodeId }) =>
      (states === undefined || states.has(state)) &&
      `${clientId}\n${address}\n${wirelessNodeId ?? ""}`.toLowerCase().includes(search),
  );
  const rank = (client: ClientSummary) => [client[sort] === null ? 0 : 1, client[sort] ?? 0];
  const sorted = fitting.sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    const differs = sort === "clientId" ? -1 : first.findIndex((value, index) => value !== second[index]);
    if (differs < 0) return naturalOrder(one.clientId, other.clientId);
    return first[differs]! < second[differs]! ? -1 : 1;
  });
  return descending ? sorted.reverse() : sorted;
}

const clients = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom(..."abAB<é019") }), { maxLength: 60 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .record({
            state: fc.constantFrom(...CLIENT_STATES),
            address: fc.constantFrom("10.0.0.1:1", "10.0.0.2:1", "[fd00::A]:7"),
            wirelessNodeId: fc.constantFrom(null, "00ab", "01"),
            lostAt: fc.constantFrom(null, 1, 2, 30),
            queued: fc.nat(3),
            durable: fc.boolean(),
          })
          .map((over) => summary(id, over)),
      ),
    ),
  );

const queries = fc.record({
  offset: fc.nat(20),
  limit: fc.integer({ min: 1, max: 20 }),
  sort: fc.constantFrom("clientId", "state", "address", "wirelessNodeId", "lostAt", "queued", "durable"),
  order: fc.constantFrom("asc", "desc"),
  state: fc.subarray([...CLIENT_STATES]).map((states) => states.join(",")),
  search: fc.constantFrom("", "a", "A", "10.0.0.1", "::a", "00AB", "é", "nobody"),
});

describe("the list of clients", () => {
  test("is what one finds by going through all of them, page by page", () => {
    fc.assert(
      fc.property(clients, queries, (all, asked) => {
        const parameters = new URLSearchParams(
          Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]),
        );
        const query = clientQuery(parameters);
        if ("problem" in query) throw new Error(query.problem);
        const { value } = done(done(ClientSnapshot.take(all)).value.list(query));
        const expected = plainly([...all], query);
        expect(value.total).toBe(expected.length);
        expect(value.clients).toEqual(expected.slice(asked.offset, asked.offset + asked.limit));
      }),
      { numRuns: 300 },
    );
  });

  test("is made in small steps, also of ten thousand", () => {
    const taken = done(ClientSnapshot.take(fleet(10_000)));
    const query = clientQuery(new URLSearchParams("sort=queued&order=desc&search=sensor"));
    if ("problem" in query) throw new Error(query.problem);
    const listed = done(taken.value.list(query));
    expect(listed.value.total).toBe(10_000);
    expect(listed.value.states).toMatchObject({ active: 1250, abandoned: 1250 });
    expect(taken.steps).toBeGreaterThan(20);
    expect(listed.steps).toBeGreaterThan(30);
    // Sorted once for all who ask.
    expect(done(taken.value.list(query)).steps).toBeLessThan(listed.steps / 2);
  });

  test("has nobody twice who goes while it is made", () => {
    const all = [summary("a", { state: "active" }), summary("b"), summary("a", { state: "lost" })];
    const { value } = done(ClientSnapshot.take(all));
    expect(value.clients.map(({ clientId, state }) => [clientId, state])).toEqual([
      ["a", "lost"],
      ["b", summary("b").state],
    ]);
    expect(value.states).toMatchObject({ lost: 1, [summary("b").state]: 1 });
  });

  test("is looked at once a second at most, for everybody together", async () => {
    const source = new MadeUpSource(fleet(1000));
    const site = await HttpSite.start({ source });
    const start = performance.now();
    const lists = await Promise.all(
      Array.from({ length: 30 }, (_, index) => site.json<ClientList>(`/api/clients?offset=${index}&limit=1`)),
    );
    const seconds = Math.floor((performance.now() - start) / 900) + 1;
    expect(lists.map(({ clients: [first] }) => first!.clientId)).toEqual(fleet(30).map(({ clientId }) => clientId));
    expect(source.walks).toBeLessThanOrEqual(seconds);
  });

  test("is refused with 503 to who comes when too many wait, and nobody is left without an answer", async () => {
    const source = new MadeUpSource(fleet(5000));
    const site = await HttpSite.start({ source });
    const answers = await Promise.all(Array.from({ length: 90 }, () => site.ask("/api/clients?limit=500&sort=queued")));
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(90 - refused.length);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused) {
      expect(headers["retry-after"]).toBe("1");
      expect(JSON.parse(body)).toMatchObject({ error: "overloaded" });
    }
    expect(site.failures).toEqual([]);
  });

  test.each([
    ["limit=501", /^limit: "501" is not a whole number from 1 to 500$/],
    ["limit=0", /^limit: /],
    ["limit=", /^limit: /],
    ["offset=-1", /^offset: /],
    ["offset=1e3", /^offset: /],
    ["sort=parted", /^sort: "parted" is not one of clientId, state, /],
    ["sort=__proto__", /^sort: /],
    ["order=up", /^order: "up" is not one of asc, desc$/],
    ["state=active,gone", /^state: "gone" is not one of connecting, active, /],
    ["page=2", /^"page" is not a parameter; there are offset, limit, /],
    ["limit=1&limit=2", /^limit: is given more than once$/],
    [`search=${"x".repeat(257)}`, /^search: has more than 256 characters$/],
  ])("%s is refused, and told what is allowed", async (query, message) => {
    const site = await HttpSite.start({ source: new MadeUpSource() });
    for (const path of ["/api/clients", "/api/stream"]) {
      const { status, body } = await site.ask(`${path}?${query}`);
      expect([status, JSON.parse(body)]).toEqual([
        400,
        { error: "bad-request", message: expect.stringMatching(message) },
      ]);
    }
  });
});

describe("one client", () => {
  test.each(["a/b", "ä ö", "%", "<img src=x onerror=alert(1)>", "?", "#", "disconnect", "x".repeat(256)])(
    "is found by its id %s",
    async (clientId) => {
      const source = new MadeUpSource([summary(clientId)]);
      const site = await HttpSite.start({ source });
      const path = `/api/clients/${encodeURIComponent(clientId)}`;
      expect(await site.json(path)).toMatchObject({ clientId });
      expect((await site.ask(`${path}/disconnect`, { method: "POST" })).status).toBe(202);
      expect((await site.ask(path, { method: "DELETE" })).status).toBe(202);
      expect(source.dismissed).toEqual([
        { clientId, forget: false },
        { clientId, forget: true },
      ]);
    },
  );

  test.each([".", "..", "a/b", "?&=+ %", "\u00e4"])("is found by its id %s as a parameter too", async (clientId) => {
    const source = new MadeUpSource([summary(clientId)]);
    const site = await HttpSite.start({ source });
    const id = `?id=${encodeURIComponent(clientId)}`;
    // As a browser makes it an address: it takes dots out of paths.
    const at = (path: string) => {
      const url = new URL(path, "http://127.0.0.1");
      return url.pathname + url.search;
    };
    expect(await site.json(at(`/api/client${id}`))).toMatchObject({ clientId });
    expect((await site.ask(at(`/api/client/disconnect${id}`), { method: "POST" })).status).toBe(202);
    expect((await site.ask(at(`/api/client${id}`), { method: "DELETE" })).status).toBe(202);
    expect(source.dismissed).toEqual([
      { clientId, forget: false },
      { clientId, forget: true },
    ]);
    const stream = await site.read(at(`/api/client/stream${id}`));
    expect(await stream.last("client")).toMatchObject({ clientId });
    await site.read(at(`/api/client/trace${id}`));
    expect([...source.traces.values()]).toEqual([{ clientId }]);
  });

  test.each(["", "?id=", "?id=a&id=b", "?id=a&x=1"])("is asked for by one id, not by %j", async (query) => {
    const site = await HttpSite.start({ source: new MadeUpSource([summary("a")]) });
    for (const path of ["/api/client", "/api/client/stream", "/api/client/trace"]) {
      expect((await site.ask(path + query)).status).toBe(400);
    }
    expect((await site.ask(`/api/client/disconnect${query}`, { method: "POST" })).status).toBe(400);
    expect((await site.ask(`/api/client${query}`, { method: "DELETE" })).status).toBe(400);
    expect((await site.ask("/api/clients/a?id=b")).status).toBe(400);
  });

  test("that nobody knows is told so, whatever is asked of it", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource([summary("D1")]) });
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/disconnect"],
    ] as const) {
      const { status, body } = await site.ask(`/api/clients/d1${path}`, { method });
      expect([status, JSON.parse(body).error]).toEqual([404, "unknown-client"]);
    }
  });
});

test.each([
  ["PUT", "/api/clients/d1", "GET, HEAD, DELETE"],
  ["GET", "/api/clients/d1/disconnect", "POST"],
  ["DELETE", "/api/clients", "GET, HEAD"],
  ["POST", "/", "GET, HEAD"],
  ["PUT", "/login", "GET, HEAD, POST"],
  ["TRACE", "/api/gateway", "GET, HEAD"],
])("%s %s is told what can be asked for", async (method, path, allow) => {
  const site = await HttpSite.start({ source: new MadeUpSource([summary("d1")]) });
  const { status, headers } = await site.ask(path, { method });
  expect([status, headers.allow]).toEqual([405, allow]);
});

test("HEAD is answered as GET, without the body", async () => {
  const site = await HttpSite.start({ source: new MadeUpSource([summary("d1")]) });
  for (const path of ["/", "/api/clients/d1", "/api/clients/d1/trace", "/metrics", "/healthz"]) {
    const { status, body } = await site.ask(path, { method: "HEAD" });
    expect([path, status, body]).toEqual([path, 200, ""]);
  }
});

test("/healthz tells of a core that has failed, and /readyz why the gateway is not ready", async () => {
  const source = new MadeUpSource();
  const site = await HttpSite.start({ source });
  expect(await site.ask("/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  expect(await site.ask("/readyz")).toMatchObject({ status: 200, body: "ok\n" });
  source.failed = true;
  source.notReady = "the broker has not been reached yet";
  expect(await site.ask("/healthz")).toMatchObject({ status: 503, body: "the gateway has failed\n" });
  expect(await site.ask("/readyz")).toMatchObject({ status: 503, body: "the broker has not been reached yet\n" });
});

test("a bug of ours is answered with 500, is told, and says nothing of itself to strangers", async () => {
  const source = new MadeUpSource();
  source.metrics = () => Promise.reject(new Error("/root/secret/path"));
  const site = await HttpSite.start({ source });
  const { status, body } = await site.ask("/metrics");
  expect([status, JSON.parse(body).error]).toEqual([500, "failed"]);
  expect(body).not.toContain("secret");
  expect(site.failures).toEqual([new Error("/root/secret/path")]);
});

test("an answer that cannot be written is a bug of ours too, and ends nothing", async () => {
  const source = new MadeUpSource();
  source.metrics = () => Promise.resolve({ contentType: "text/plain\n", text: "up 1\n" });
  const site = await HttpSite.start({ source });
  expect((await site.ask("/metrics")).status).toBe(500);
  expect(site.failures).toHaveLength(1);
  expect((await site.ask("/healthz")).status).toBe(200);
});

test("metrics are made once for all who ask meanwhile, and take a tenth of the time at most", async () => {
  const source = new MadeUpSource();
  let made = 0;
  source.metrics = async () => {
    made += 1;
    const until = performance.now() + 20;
    while (performance.now() < until);
    return { contentType: "text/plain", text: `made ${made}\n` };
  };
  const site = await HttpSite.start({ source });
  const start = performance.now();
  for (let round = 0; round < 3; round += 1) {
    const before = made;
    const answers = await Promise.all(Array.from({ length: 20 }, () => site.ask("/metrics")));
    for (const { body } of answers) expect(Number(/\d+/.exec(body)![0])).toBeGreaterThan(before);
  }
  // On a busy machine not all of a round have asked when the first ones get their answer.
  expect(made).toBeLessThan(30);
  expect(performance.now() - start).toBeGreaterThanOrEqual((made - 1) * 200 - 5);
});
