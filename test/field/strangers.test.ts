import { describe, expect, test } from "vitest";
import { octets, Script } from "../gateway/script.ts";
import { octets as hex } from "../sn/octets.ts";
import { VECTORS } from "../sn/vectors.ts";

/** What a device may say that believes in a session which the gateway has forgotten. */
const OF_A_CLIENT = [
  ["PUBLISH", { topicId: 1 }],
  ["PUBLISH", { topicId: 1, qos: 1, msgId: 3 }],
  ["PUBLISH", { topicId: 1, qos: 2, msgId: 3 }],
  ["PUBREL", { msgId: 3 }],
  ["PUBACK", { topicId: 1, msgId: 3 }],
  ["REGISTER", { topicName: "a", msgId: 3 }],
  ["REGACK", { topicId: 1, msgId: 3 }],
  ["SUBSCRIBE", { topicName: "a", msgId: 3 }],
  ["UNSUBSCRIBE", { topicName: "a", msgId: 3 }],
  ["PINGREQ", {}],
  ["PINGREQ", { clientId: "dev1" }],
  ["DISCONNECT", { duration: 300 }],
  ["WILLMSG", { willMsg: "gone" }],
  ["WILLMSGUPD", { willMsg: "gone" }],
] as const;

describe("a device whose session the gateway has forgotten, as after a restart", () => {
  test.each(OF_A_CLIENT)("field 7 a forgotten device is not left in silence when it says %s %j", (type, fields) => {
    new Script().client(type, fields).toClient("DISCONNECT", { duration: undefined }).nothing();
  });

  test("field 7 a forgotten device is told again when it did not hear it", () => {
    const s = new Script();
    for (let time = 0; time < 10; time += 1) s.client("PINGREQ").toClient("DISCONNECT").after(10_000);
  });

  test("field 7 a forgotten device is told also when 500 others are at the same time", () => {
    const s = new Script();
    for (let index = 0; index < 500; index += 1) s.from(`device ${index}`).client("PINGREQ").toClient("DISCONNECT");
  });

  test("field 7 a forgotten device connects again, and nothing of before stands in its way", () => {
    const s = new Script();
    s.client("PUBLISH", { topicId: 77, qos: 1, msgId: 9 }).toClient("DISCONNECT").connect();
    // The id of before is an unknown one, and not another topic.
    s.client("PUBLISH", { topicId: 77, qos: 1, msgId: 9 }).toClient("PUBACK", { topicId: 77, returnCode: 2 });
  });
});

describe("a broker that goes away", () => {
  test("field 8 a broker that stays away does not end the gateway, and every active device is told", () => {
    const s = new Script({ outageLimitMs: 0 });
    const devices = Array.from({ length: 50 }, (_, index) => {
      s.from(`device ${index}`).connect({ clientId: `device ${index}` });
      return { address: s.address, link: s.link };
    });
    for (const { address, link } of devices) s.from(address).gone(link).after(0).toClient("DISCONNECT").nothing();
    for (const { address } of devices) {
      s.from(address).client("CONNECT", { clientId: address }).opens().gone().toClient("CONNACK", { returnCode: 1 });
    }
    for (const { address } of devices) s.from(address).connect({ clientId: address });
  });

  test("field 8 an active device does not notice a broker that is back soon", () => {
    const s = new Script();
    s.connect().gone().nothing().after(2000).opens().accepts().nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("field 8 a sleeping device does not notice a broker that is back before it wakes up", () => {
    const s = new Script();
    s.connect().sleep().gone().nothing().after(2000).opens().accepts().nothing();
    s.client("PINGREQ", { clientId: "dev1" }).does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("field 8 a device in the middle of its CONNECT is told", () => {
    const s = new Script();
    s.client("CONNECT").opens().gone().toClient("CONNACK", { returnCode: 1 }).nothing();
  });
});

describe("no connection to the broker before a CONNECT is complete", () => {
  test.each(VECTORS.filter(({ message }) => message.type !== "CONNECT"))(
    "field 16 $name from anybody opens no connection",
    ({ hex: datagram }) => {
      const s = new Script();
      expect(s.datagram(hex(datagram)).arrows()).not.toContain("open");
      const data = hex(datagram);
      s.datagram(octets("ENCAPSULATED", { radius: 0, wirelessNodeId: hex("01"), data }));
      expect(s.arrows()).not.toContain("open");
    },
  );

  test.each([
    ["another ProtocolId", { protocolId: 2 }],
    ["an empty client id", { clientId: "" }],
    ["a client id that is too long", { clientId: "x".repeat(300) }],
    ["a client id that may not connect", { clientId: "intruder" }],
  ])("field 16 a CONNECT with %s opens no connection", (_, fields) => {
    const s = new Script({ clientIdsDenied: ["intruder"] });
    s.client("CONNECT", fields).toClient("CONNACK", { returnCode: 3 }).nothing();
  });

  test("field 16 a CONNECT with a will opens no connection until the will is known", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ").nothing();
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ").nothing();
    s.client("WILLMSG", { willMsg: "gone" }).opens().accepts().toClient("CONNACK");
  });

  test("field 16 of a thousand unfinished CONNECTs none opens a connection, ever", () => {
    const s = new Script();
    for (let index = 0; index < 1000; index += 1) {
      s.from(`forged ${index}`)
        .client("CONNECT", { clientId: `forged ${index}`, will: true })
        .toClient("WILLTOPICREQ");
    }
    s.after(120_000);
    expect(new Set(s.arrows())).toEqual(new Set(["WILLTOPICREQ"]));
  });
});
