import { describe, expect, test } from "vitest";
import { STATES, stateOf } from "../gateway/client-states.ts";
import { octets, Script } from "../gateway/script.ts";
import { octets as hex } from "../sn/octets.ts";
import { expectBystanderServed } from "./bystander.ts";

// What crashed other gateways. Here a script fails already when a session does, whatever becomes of the gateway.

const STATE_NAMES = Object.keys(STATES);

/** A client in this state. */
function clientThatIs(state: string): Script {
  return STATES[state]!.begin();
}

/** The broker connections that are open more than before, after these effects. */
function netOpened(arrows: readonly string[]): number {
  const closed = arrows.filter((arrow) => arrow.startsWith("close")).length;
  return arrows.filter((arrow) => arrow === "open").length - closed;
}

describe("a long client id", () => {
  test.each([64, 65, 128, 255, 256])(
    "field 1 a client id of %i octets does not end the gateway: it is accepted whole",
    (size) => {
      const clientId = "x".repeat(size);
      const s = new Script();
      s.client("CONNECT", { clientId }).opens({ clientId }).accepts().toClient("CONNACK", { returnCode: 0 });
      expectBystanderServed(s);
    },
  );

  test.each([257, 1000, 60_000])("field 1 a client id of %i octets does not end the gateway: it is refused", (size) => {
    const s = new Script();
    s.client("CONNECT", { clientId: "x".repeat(size) }).toClient("CONNACK", { returnCode: 3 });
    expectBystanderServed(s);
  });

  test.each(STATE_NAMES)(
    "field 1 a client id that is too long does not end the gateway when the sender is %s, nor its session",
    (name) => {
      const s = clientThatIs(name);
      s.client("CONNECT", { clientId: "x".repeat(5000) }).toClient("CONNACK", { returnCode: 3 });
      s.client("PINGREQ", { clientId: "x".repeat(5000) }).arrows();
      expect(stateOf(s)).toBe(STATES[name]!.column);
      expectBystanderServed(s);
    },
  );
});

describe("many REGISTERs", () => {
  test("field 1 neither the 51st nor any later one ends the gateway, and every name keeps an id of its own", () => {
    const s = new Script();
    s.connect();
    const topicIds = Array.from({ length: 1000 }, (_, index) => s.register(`topic/${index}`, index + 1));
    expect(new Set(topicIds).size).toBe(1000);
    s.client("REGISTER", { topicName: "one/more", msgId: 2000 }).toClient("REGACK", { topicId: 0, returnCode: 3 });
    for (const index of [0, 50, 999]) {
      s.client("PUBLISH", { topicId: topicIds[index] }).toBroker("publish", { topic: `topic/${index}` });
    }
    expectBystanderServed(s);
  });
});

describe("an empty will topic", () => {
  test("field 1 a WILLTOPIC of two octets does not end the gateway: the client connects without a will", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.datagram(hex("02 07")).opens({ will: undefined }).accepts().toClient("CONNACK", { returnCode: 0 });
    expectBystanderServed(s);
  });

  test("field 1 a WILLTOPIC of flags alone does not end the gateway: it is refused", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.datagram(hex("03 07 10")).toClient("CONNACK", { returnCode: 3 });
    expectBystanderServed(s);
  });

  test.each(
    STATE_NAMES.flatMap((name) =>
      ["02 07", "03 07 10", "03 07 60", "02 1A", "03 1A 10"].map((octets) => [octets, name]),
    ),
  )("field 1 the octets %s do not end the gateway when the sender is %s", (octets, name) => {
    const s = clientThatIs(name);
    s.datagram(hex(octets)).arrows();
    expectBystanderServed(s);
  });
});

describe("octets that announce a longer message", () => {
  test.each(
    [
      "01 16",
      "01",
      "01 00",
      "01 00 04",
      "01 00 03 16",
      "01 FF FF 16",
      "00",
      "00 16",
      "02",
      "FF 0C",
      "03 FE 00",
    ].flatMap((octets) => STATE_NAMES.map((name) => [octets, name] as const)),
  )("field 1 %s does not end the gateway when the sender is %s, and is not answered", (octets, name) => {
    const s = clientThatIs(name);
    s.datagram(hex(octets)).nothing();
    expect(stateOf(s)).toBe(STATES[name]!.column);
    expectBystanderServed(s);
  });
});

describe("a second CONNECT", () => {
  const WITH_WILL = { will: true, duration: 3600 };
  test.each(STATE_NAMES.flatMap((name) => [{}, { duration: 3600 }, WITH_WILL].map((fields) => ({ name, fields }))))(
    "field 1 a second CONNECT does not end the gateway when the sender is $name: $fields",
    ({ name, fields }) => {
      const s = clientThatIs(name);
      const before = ["active", "asleep", "awake", "WB"].includes(STATES[name]!.column) ? 1 : 0;
      const first = s.client("CONNECT", fields).arrows();
      const second = s.client("CONNECT", fields).arrows();
      expect(first.concat(second)).not.toContain("DISCONNECT");
      expect(before + netOpened(first) + netOpened(second)).toBeLessThanOrEqual(1);
      expectBystanderServed(s);
    },
  );
});

describe("a will message out of turn", () => {
  test.each(STATE_NAMES.flatMap((name) => (["WILLMSG", "WILLMSGUPD"] as const).map((type) => ({ name, type }))))(
    "field 1 $type does not end the gateway when the sender is $name",
    ({ name, type }) => {
      const s = clientThatIs(name);
      s.client(type, { willMsg: "gone" }).arrows();
      expectBystanderServed(s);
    },
  );

  test("field 1 WILLMSG before WILLTOPIC does not end the set-up", () => {
    const s = clientThatIs("awaiting will topic");
    s.client("WILLMSG", { willMsg: "early" }).nothing();
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).opens({ will: { topic: "w", payload: "gone" } });
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });
});

describe("a port that another client has just used", () => {
  test.each(STATE_NAMES)(
    "field 1 a port that a client who is %s has just used does not end the gateway: the new client there is served",
    (name) => {
      const s = clientThatIs(name);
      s.client("CONNECT", { clientId: "heir" });
      const arrows = s.arrows();
      expect(arrows).toContain("open");
      // Nothing of the old client reaches the new one.
      s.link += 1;
      s.accepts().toClient("CONNACK", { returnCode: 0 });
      s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 9 }).toClient("PUBACK", { msgId: 9, returnCode: 2 });
      s.after(3_000_000);
      expect(s.arrows()).not.toContain("PUBLISH");
      expectBystanderServed(s);
    },
  );

  test.each(STATE_NAMES)(
    "field 1 octets of every message type but CONNECT do not end the gateway when the sender is %s",
    (name) => {
      const s = clientThatIs(name);
      for (let msgType = 0; msgType < 256; msgType += 1) {
        if (msgType === octets("CONNECT")[1]) continue;
        for (let size = 2; size < 12; size += 1) {
          const datagram = new Uint8Array(size).fill(msgType & 0x7f);
          datagram[0] = size;
          datagram[1] = msgType;
          s.datagram(datagram).arrows();
        }
      }
      expectBystanderServed(s);
    },
  );
});
