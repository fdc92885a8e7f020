import { describe, test } from "vitest";
import { STATES } from "../gateway/client-states.ts";
import { Script } from "../gateway/script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w", willMsg: "gone" };

describe("an address is not who a client is", () => {
  test.each(["active", "asleep", "awake"])(
    "field 6 another client id at the port of a client that is %s is not taken for that client",
    (name) => {
      const s = STATES[name]!.begin();
      const old = s.link;
      s.client("CONNECT", { clientId: "other" });
      s.closes(false, old).opens({ clientId: "other" }).accepts().toClient("CONNACK", { returnCode: 0 });
      // Neither its topic ids nor its subscription nor its name.
      s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 4 }).toClient("PUBACK", { msgId: 4, returnCode: 2 });
      s.client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT");
      s.client("PINGREQ", { clientId: "other" }).toClient("PINGRESP");
    },
  );

  test("field 6 a client whose NAT has given it a new port keeps its session: CONNECT from there goes on with it", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a", 1);
    const old = s.link;
    s.from("c1 elsewhere").client("CONNECT", DURABLE).closes(true, old).gone(old).opens({ cleanSession: false });
    s.accepts(true).toClient("CONNACK", { returnCode: 0 });
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("REGISTER", { topicName: "a" });
    s.from("c1").client("PINGREQ").toClient("DISCONNECT");
  });

  test("field 6 a sleeping client whose NAT has given it a new port gets its messages there, where that is allowed", () => {
    const s = new Script({ migrateOnWake: true });
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.sleep(300).deliver("a", { qos: 1, messageId: 1 }).nothing();
    s.from("c1 elsewhere").client("PINGREQ", { clientId: "dev1" }).noted("client.moved", { address: "c1 elsewhere" });
    s.toClient("PUBLISH", { topicId, msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    // Whoever is at the old port is a stranger now.
    s.from("c1").client("PINGREQ").toClient("DISCONNECT");
  });

  test.each(["asleep", "awake", "active"])(
    "field 6 a forged PINGREQ does not take over the session of a client that is %s",
    (name) => {
      const s = STATES[name]!.begin();
      s.deliver("a", { qos: 1, messageId: 8, payload: "for dev1 alone" }).arrows();
      s.from("thief").client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT").nothing();
      s.client("PINGREQ").toClient("DISCONNECT").nothing();
      // The messages are where they were.
      s.from("c1").client("DISCONNECT").toClient("DISCONNECT").closes(true);
    },
  );

  test("field 6 a forged PINGREQ does not move a client that is not asleep, even where clients may move", () => {
    const s = new Script({ migrateOnWake: true });
    s.connect().from("thief").client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT");
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
  });
});

describe("client ids are compared whole", () => {
  test.each([
    ["sensor10", "sensor1"],
    ["sensor1", "sensor10"],
    ["sensor1", "Sensor1"],
    ["sensor1", "sensor1 "],
    ["é", "e\u0301"],
  ])("field 13 with %j connected, %j does not take it over", (first, second) => {
    const s = new Script();
    s.from("c1").connectWithWill({ ...DURABLE, clientId: first }, WILL);
    const topicId = s.subscribe("a", 1);
    const { link } = s;
    s.from("c2").connect({ ...DURABLE, clientId: second });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toClient("PUBACK", { returnCode: 2 });
    s.link = link;
    s.from("c1").deliver("a").toClient("PUBLISH", { topicId });
    s.client("PINGREQ", { clientId: first }).toClient("PINGRESP");
    s.client("PINGREQ", { clientId: second }).toClient("DISCONNECT");
  });

  test("field 13 a PINGREQ with the first letters of a sleeping client's id does not wake it", () => {
    const s = new Script({ migrateOnWake: true });
    s.connect({ clientId: "sensor10" }).sleep();
    for (const clientId of ["sensor1", "s", "sensor100"]) {
      s.from("c2").client("PINGREQ", { clientId }).toClient("DISCONNECT").nothing();
    }
    s.from("c1").client("PINGREQ", { clientId: "sensor10" }).toClient("PINGRESP");
  });

  test("field 13 an empty id takes nobody over, whoever was there first", () => {
    const s = new Script();
    s.connect({ clientId: "first" });
    s.from("c2").client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 });
    s.client("PINGREQ").toClient("DISCONNECT");
    s.from("c1").client("PINGREQ", { clientId: "first" }).toClient("PINGRESP");
  });
});

describe("a CONNECT that comes again because its CONNACK was lost", () => {
  test.each([1, 2, 5])(
    "field 14 CONNECT again, %i times: it is not answered with DISCONNECT, and opens no second connection",
    (times) => {
      const s = new Script();
      s.connect();
      for (let time = 0; time < times; time += 1) s.client("CONNECT").toClient("CONNACK", { returnCode: 0 }).nothing();
      s.client("PINGREQ").toClient("PINGRESP");
    },
  );

  test("field 14 CONNECT again while the broker is asked: one connection, one CONNACK", () => {
    const s = new Script();
    s.client("CONNECT").opens();
    for (let time = 0; time < 3; time += 1) s.client("CONNECT").nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 }).nothing();
  });

  test("field 14 CONNECT again with a will: the outstanding request comes again, and then one connection", () => {
    const s = new Script();
    const connect = { will: true };
    s.client("CONNECT", connect).toClient("WILLTOPICREQ").client("CONNECT", connect).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("CONNECT", connect).toClient("WILLMSGREQ").client("WILLMSG", { willMsg: "gone" }).opens();
    s.client("CONNECT", connect).nothing().accepts().toClient("CONNACK", { returnCode: 0 });
    // The CONNACK was lost: the client repeats its last message.
    s.client("WILLMSG", { willMsg: "gone" }).toClient("CONNACK", { returnCode: 0 }).nothing();
  });

  test("field 14 CONNECT of a device that has restarted: the old connection ends before the new one begins, without the will", () => {
    const s = new Script();
    s.connectWithWill({}, WILL).client("PINGREQ").toClient("PINGRESP");
    const old = s.link;
    s.client("CONNECT").closes(true, old).nothing().client("CONNECT").nothing();
    s.gone(old).opens().accepts().toClient("CONNACK", { returnCode: 0 }).nothing();
  });
});
