import { describe, test } from "vitest";
import { Script } from "../gateway/script.ts";
import { octets as hex } from "../sn/octets.ts";

const NODE = hex("00 2A");
const OTHER = hex("00 2B");

/** Every procedure there is, from CONNECT to DISCONNECT, of the script's client. */
function wholeLife(s: Script, clientId: string): void {
  s.connectWithWill({ clientId, duration: 3600 }, { willTopic: "w", willMsg: "gone" });
  const topicId = s.register("up", 1);
  s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "up", qos: 0 });
  s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish", { messageId: 2 });
  s.broker("puback", { messageId: 2 }).toClient("PUBACK", { msgId: 2, returnCode: 0 });
  s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish", { messageId: 3 });
  s.broker("pubrec", { messageId: 3 })
    .toClient("PUBREC", { msgId: 3 })
    .client("PUBREL", { msgId: 3 })
    .toBroker("pubrel");
  s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP", { msgId: 3 });
  const down = s.subscribe("down", 1, 4);
  s.deliver("down", { qos: 1, messageId: 5 }).toClient("PUBLISH", { topicId: down, msgId: 5 });
  s.client("PUBACK", { topicId: down, msgId: 5 }).toBroker("puback", { messageId: 5 });
  s.client("PINGREQ").toClient("PINGRESP");
  s.sleep(300).deliver("down", { qos: 1, messageId: 6 }).nothing();
  s.client("PINGREQ", { clientId }).toClient("PUBLISH", { topicId: down, msgId: 6 });
  s.client("PUBACK", { topicId: down, msgId: 6 }).toBroker("puback", { messageId: 6 }).does("probe");
  s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  s.client("CONNECT", { clientId }).toClient("CONNACK", { returnCode: 0 });
  s.client("UNSUBSCRIBE", { topicName: "down", msgId: 7 }).toBroker("unsubscribe", { messageId: 7 });
  s.broker("unsuback", { messageId: 7 }).toClient("UNSUBACK", { msgId: 7 });
  s.disconnect();
}

describe("a client behind a forwarder", () => {
  test("field 11 not only CONNECT works through a forwarder: every answer is wrapped for the node that asked", () => {
    wholeLife(new Script().behind("forwarder", NODE), "behind");
  });

  test("field 11 the same without a forwarder, while a node behind one is connected", () => {
    const s = new Script().behind("forwarder", OTHER).connect({ clientId: "neighbour", duration: 3600 });
    wholeLife(s.from("direct"), "direct");
    s.behind("forwarder", OTHER).client("PINGREQ").toClient("PINGRESP");
  });

  test("field 11 answers do not go to another node of the forwarder", () => {
    const s = new Script({ outageLimitMs: 0 });
    s.behind("forwarder", NODE).connect({ clientId: "a" });
    const { link } = s;
    const topicId = s.subscribe("a", 1);
    s.behind("forwarder", OTHER).connect({ clientId: "b" });
    // The script looks into the envelope: its node id has to be that of the one it speaks for.
    s.link = link;
    s.behind("forwarder", NODE).deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { topicId });
    s.after(10_000).toClient("PUBLISH", { topicId, dup: true });
    s.gone(link).after(0).toClient("DISCONNECT");
    s.behind("forwarder", OTHER).client("PINGREQ").toClient("PINGRESP");
  });

  test("field 11 a node without a session is told so through its forwarder", () => {
    new Script().behind("forwarder", NODE).client("PINGREQ").toClient("DISCONNECT");
  });
});

describe("a device that searches for a gateway", () => {
  test("field 12 the radius of a SEARCHGW is handed to the network", () => {
    const s = new Script().brokerReachable();
    s.toGroups("ADVERTISE", { gwId: 1 });
    for (const radius of [1, 2, 3, 0]) {
      s.client("SEARCHGW", { radius }).toClient("GWINFO", { gwId: 1 }).toGroups("GWINFO", { gwId: 1 }, { radius });
    }
  });

  test("field 12 GWINFO comes also straight to who searches, from where CONNECT is served, as the hops may not carry the groups", () => {
    const s = new Script().brokerReachable();
    s.toGroups("ADVERTISE").from("far away").client("SEARCHGW", { radius: 1 });
    // A GWINFO without an address means its sender: the effect names the device's own listener, by its address.
    s.toClient("GWINFO", { gwId: 1, gwAdd: Buffer.alloc(0) }).toGroups("GWINFO", { gwId: 1 }, { near: "far away" });
  });

  test("field 12 a node behind a forwarder gets GWINFO through that, with the radius in the envelope", () => {
    const s = new Script().brokerReachable();
    s.toGroups("ADVERTISE").behind("forwarder", NODE).client("SEARCHGW", { radius: 2 });
    s.toEnvelope({ radius: 2 }).toClient("GWINFO", { gwId: 1 });
  });
});
