import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BrokerAccess } from "../../src/app/broker/broker-access.ts";
import { SessionEraser } from "../../src/app/broker/session-eraser.ts";
import { Log } from "../../src/app/log/log.ts";
import type { GatewayEvent } from "../../src/gateway/contract.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An eraser at a broker that a test plays. */
function setUp(connected: readonly string[] = []) {
  const opened: { clientId: string; cleanSession: boolean; emit: (event: GatewayEvent) => void }[] = [];
  const closed: boolean[] = [];
  const told: string[] = [];
  /** Connections do not end when they are told to. */
  const slowly = { end: false };
  const openLink: BrokerAccess["openLink"] = (link, { clientId, cleanSession }, emit) => {
    opened.push({ clientId, cleanSession, emit });
    const close = (disconnect: boolean) => {
      closed.push(disconnect);
      if (!slowly.end) emit({ type: "link-closed", link, reason: "closed" });
    };
    return { close } as ReturnType<BrokerAccess["openLink"]>;
  };
  const log = new Log(
    { level: "info", format: "json", colour: false },
    {
      write: (line: string) => {
        const { event, clientId, reason } = JSON.parse(line);
        told.push([event, clientId, reason].filter(Boolean).join(" "));
      },
    },
  );
  const eraser = new SessionEraser({ openLink } as BrokerAccess, (clientId) => connected.includes(clientId), log);
  const accept = () => opened.at(-1)!.emit({ type: "link-opened", link: 0, sessionPresent: true });
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { eraser, slowly, opened, closed, told, accept, settled };
}

describe("what the broker keeps for clients that are sent away for good", () => {
  test("is erased one after the other, and again later", async () => {
    const { eraser, opened, closed, told, accept, settled } = setUp();
    eraser.erase("a");
    eraser.erase("b");
    expect(opened.map(({ clientId, cleanSession }) => [clientId, cleanSession])).toEqual([["a", true]]);
    accept();
    await settled();
    expect(opened.map(({ clientId }) => clientId)).toEqual(["a", "b"]);
    accept();
    await settled();
    expect([closed, told]).toEqual([
      [true, true],
      ["session.erased a", "session.erased b"],
    ]);
    eraser.erase("c");
    accept();
    await settled();
    expect(told.at(-1)).toBe("session.erased c");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("stays where the client is there again", async () => {
    const { eraser, opened, told, settled } = setUp(["a"]);
    eraser.erase("a");
    await settled();
    expect([opened, told]).toEqual([[], ["session.not-erased a the client is back"]]);
  });

  test("stays where the client comes back meanwhile: the attempt ends at once, before the client's own, and the next one has its turn", async () => {
    const { eraser, opened, closed, told, accept, settled } = setUp();
    for (const clientId of ["a", "b", "c"]) eraser.erase(clientId);
    eraser.isBack("somebody else");
    expect(closed).toEqual([]);
    eraser.isBack("a");
    expect(closed).toEqual([false]);
    // It waits still, and what it makes from now on must not be erased when it has gone again.
    eraser.isBack("b");
    await settled();
    expect(opened.map(({ clientId }) => clientId)).toEqual(["a", "c"]);
    accept();
    await settled();
    expect(told).toEqual([
      "session.not-erased b the client is back",
      "session.not-erased a the client is back",
      "session.erased c",
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is erased once the broker has let it in, also where the client comes back then", async () => {
    const { eraser, slowly, closed, told, accept, settled } = setUp();
    eraser.erase("a");
    // The connection takes its time to end.
    slowly.end = true;
    accept();
    eraser.isBack("a");
    await settled();
    expect([closed, told]).toEqual([[true, false], ["session.erased a"]]);
  });

  test("stays where the broker refuses, cannot be reached, or says nothing for 30 s, which is told", async () => {
    const { eraser, opened, closed, told, settled } = setUp();
    for (const clientId of ["a", "b", "c"]) eraser.erase(clientId);
    opened[0]!.emit({ type: "link-refused", link: 0, returnCode: 5 });
    await settled();
    opened[1]!.emit({ type: "link-closed", link: 0, reason: "nobody is there" });
    await settled();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toEqual([false]);
    expect(told).toEqual([
      "session.not-erased a the broker refused the connection (5)",
      "session.not-erased b nobody is there",
      "session.not-erased c closed",
    ]);
  });

  test("is no more than a thousand at once", async () => {
    const { eraser, opened, told } = setUp();
    for (let index = 0; index <= 1001; index += 1) eraser.erase(`c${index}`);
    expect(opened).toHaveLength(1);
    expect(told).toEqual(["session.not-erased c1001 1000 others wait"]);
  });
});
