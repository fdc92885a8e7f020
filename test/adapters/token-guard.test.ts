import { describe, expect, test } from "vitest";
import { TokenGuard } from "../../src/http/token-guard.ts";

const TOKEN = "a-token-of-24-characters";

function guard(token: string | undefined = TOKEN) {
  const time = { nowMs: 0 };
  const wrong: string[] = [];
  const it = new TokenGuard(
    (address) => wrong.push(address),
    () => time.nowMs,
  );
  it.token = token;
  return { it, time, wrong };
}

describe("who guesses the token", () => {
  test("waits after ten wrong ones, until the minute is over; others do not", () => {
    const { it, time, wrong } = guard();
    for (let count = 0; count < 10; count += 1) expect(it.judge("wrong", "10.0.0.7")).toBe("no");
    expect(it.judge(TOKEN, "10.0.0.7")).toBe("wait");
    expect(it.judge(TOKEN, "10.0.0.8")).toBe("yes");
    time.nowMs = 59_999;
    expect(it.judge(TOKEN, "10.0.0.7")).toBe("wait");
    time.nowMs = 60_000;
    expect(it.judge(TOKEN, "10.0.0.7")).toBe("yes");
    expect(wrong).toHaveLength(10);
  });

  test("from many addresses waits after a hundred, and who has shown the right one is not kept out by that", () => {
    const { it, time } = guard();
    expect(it.judge(TOKEN, "192.168.1.2")).toBe("yes");
    for (let count = 0; count < 100; count += 1) expect(it.judge("wrong", `10.0.0.${count}`)).toBe("no");
    expect(it.judge("wrong", "10.0.1.1")).toBe("wait");
    expect(it.judge(TOKEN, "10.0.1.2")).toBe("wait");
    expect(it.judge(TOKEN, "192.168.1.2")).toBe("yes");
    time.nowMs = 60_000;
    expect(it.judge(TOKEN, "10.0.1.2")).toBe("yes");
  });

  test("was let in with the token of before, and has to wait as everybody with another one", () => {
    const { it } = guard();
    expect(it.judge(TOKEN, "192.168.1.2")).toBe("yes");
    it.token = "b-token-of-24-characters";
    for (let count = 0; count < 100; count += 1) it.judge("wrong", `10.0.0.${count}`);
    expect(it.judge(TOKEN, "192.168.1.2")).toBe("wait");
  });

  test("has an IPv6 network to do it from: all its addresses wait, and others do not", () => {
    const { it } = guard();
    for (let count = 0; count < 10; count += 1) expect(it.judge("wrong", `fd00::${count}`)).toBe("no");
    expect(it.judge(TOKEN, "fd00::abcd")).toBe("wait");
    expect(it.judge(TOKEN, "fd00:0:0:1::abcd")).toBe("yes");
  });

  test("from many addresses does not make this machine wait, and who guesses on this machine makes nobody else wait", () => {
    const { it } = guard();
    for (let count = 0; count < 100; count += 1) it.judge("wrong", `10.0.0.${count}`);
    expect(it.judge(TOKEN, "10.0.1.1")).toBe("wait");
    expect(it.judge(TOKEN, "127.0.0.1")).toBe("yes");
    const { it: another } = guard();
    for (let count = 0; count < 99; count += 1) another.judge("wrong", `10.0.0.${count}`);
    for (let count = 0; count < 10; count += 1) expect(another.judge("wrong", "::1")).toBe("no");
    expect(another.judge(TOKEN, "127.0.0.1")).toBe("wait");
    expect(another.judge(TOKEN, "10.0.1.1")).toBe("yes");
  });

  test("need not wait with another token any more: what was wrong before is forgotten", () => {
    const { it } = guard();
    for (let count = 0; count < 100; count += 1) it.judge("wrong", `10.0.0.${count >> 1}`);
    for (let count = 0; count < 10; count += 1) it.judge("wrong", "127.0.0.1");
    const other = "b-token-of-24-characters";
    it.token = other;
    for (const address of ["10.0.0.1", "10.0.1.1", "127.0.0.1"]) expect(it.judge(other, address)).toBe("yes");
  });
});

test("where no token is needed everything is right, and there is no cookie", () => {
  const { it } = guard("");
  it.token = undefined;
  expect([it.isNeeded, it.judge("", "10.0.0.7"), it.isCookie(""), it.cookie]).toEqual([false, "yes", false, ""]);
});

test("the same token again leaves cookies as they are", () => {
  const { it } = guard();
  const { cookie } = it;
  it.token = TOKEN;
  expect(it.isCookie(cookie)).toBe(true);
});
