import { describe, expect, test } from "vitest";
import { BridgeAvailability } from "../../src/app/bridge/bridge-availability.ts";

/** What would be told of so many clients at once: `a online`, and `a gone` for what is taken back. */
function told(availability: BridgeAvailability, count = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  availability.tell(count, (clientId, now) => {
    lines.push(`${clientId} ${now ?? "gone"}`);
    return true;
  });
  return lines;
}

describe("what the bus is told of clients", () => {
  test("is the last that became of each, once, in the order in which it became due", () => {
    const availability = new BridgeAvailability(10);
    availability.set("a", "online");
    availability.set("b", "online");
    availability.set("a", "offline");
    availability.set("a", "online");
    availability.set("b", "offline");
    expect(told(availability)).toEqual(["a online", "b offline"]);
    expect(availability.isDue).toBe(false);
    availability.set("a", "online");
    expect(told(availability)).toEqual([]);
  });

  test("is nothing where a client has come and gone, or gone and come back, since it was told", () => {
    const availability = new BridgeAvailability(10);
    availability.set("a", "online");
    told(availability);
    availability.set("a", "offline");
    availability.set("a", "online");
    expect(availability.isDue).toBe(false);
    expect(told(availability)).toEqual([]);
  });

  test("is of no more clients than there may be after a reload", () => {
    const availability = new BridgeAvailability(3);
    for (const clientId of ["a", "b", "c"]) availability.set(clientId, "online");
    availability.set("b", "offline");
    told(availability);
    availability.limit(2);
    expect(told(availability)).toEqual(["b gone"]);
    availability.limit(4);
    for (const clientId of ["d", "e"]) availability.set(clientId, "online");
    expect(told(availability)).toEqual(["d online", "e online"]);
  });

  test("is of so many at once as one wants", () => {
    const availability = new BridgeAvailability(10_000);
    for (let i = 0; i < 50; i += 1) availability.set(`c${i}`, "online");
    const lines = [told(availability, 20), told(availability, 20), told(availability, 20)];
    expect(lines.map((some) => some.length)).toEqual([20, 20, 10]);
    expect(new Set(lines.flat()).size).toBe(50);
  });

  test("that cannot be told now is told after the others", () => {
    const availability = new BridgeAvailability(10);
    for (const clientId of ["a", "b", "c"]) availability.set(clientId, "online");
    const tried: string[] = [];
    availability.tell(10, (clientId) => {
      tried.push(clientId);
      return false;
    });
    expect(tried).toEqual(["a"]);
    expect(told(availability)).toEqual(["b online", "c online", "a online"]);
  });

  test("is told again of everybody where it may be lost", () => {
    const availability = new BridgeAvailability(10);
    availability.set("a", "online");
    availability.set("b", "online");
    availability.set("b", "offline");
    told(availability);
    availability.set("c", "online");
    availability.tellAgain();
    expect(told(availability).sort()).toEqual(["a online", "b offline", "c online"]);
    expect(told(availability)).toEqual([]);
  });

  test("is taken back of those that are offline for longest where there are more than may be", () => {
    const availability = new BridgeAvailability(3);
    for (const clientId of ["a", "b", "c"]) availability.set(clientId, "online");
    availability.set("b", "offline");
    availability.set("a", "offline");
    told(availability);
    availability.set("d", "online");
    expect(told(availability)).toEqual(["b gone", "d online"]);
    availability.set("e", "online");
    expect(told(availability)).toEqual(["a gone", "e online"]);
  });

  test("is not taken back first of one that was offline for long and has come back", () => {
    const availability = new BridgeAvailability(2);
    availability.set("a", "offline");
    availability.set("b", "offline");
    availability.set("a", "online");
    told(availability);
    availability.set("c", "online");
    expect(told(availability)).toEqual(["b gone", "c online"]);
  });

  test("is forgotten at once where nobody has been told, however many come and go", () => {
    const availability = new BridgeAvailability(3);
    availability.set("a", "online");
    told(availability);
    for (let i = 0; i < 10_000; i += 1) {
      availability.set(`stranger${i}`, "online");
      availability.set(`stranger${i}`, "offline");
    }
    expect(told(availability)).toEqual(["stranger9998 offline", "stranger9999 offline"]);
  });

  test("is not taken back where the client has come again meanwhile", () => {
    const availability = new BridgeAvailability(1);
    availability.set("a", "offline");
    told(availability);
    availability.set("b", "offline");
    availability.set("a", "online");
    expect(told(availability)).toEqual(["a online"]);
    // What was told of it before may still be there: it has to be taken back after all.
    availability.set("a", "offline");
    availability.set("c", "online");
    expect(told(availability)).toEqual(["a gone", "c online"]);
  });

  test("is taken back of who is to be forgotten, if it was told", () => {
    const availability = new BridgeAvailability(10);
    availability.set("a", "offline");
    availability.set("b", "offline");
    told(availability, 1);
    availability.forget("a");
    availability.forget("b");
    availability.forget("nobody");
    expect(told(availability)).toEqual(["a gone"]);
  });
});
