import { describe, expect, test } from "vitest";
import { Script } from "../gateway/script.ts";

const CLIENTS_MAX = 8;

/** Every way in which a client that comes does not stay. It leaves nothing but a free place. */
const WAYS: Record<string, (s: Script, clientId: string) => void> = {
  DISCONNECT: (s, clientId) => void s.connect({ clientId }).disconnect(),
  "DISCONNECT of a durable client": (s, clientId) => void s.connect({ clientId, cleanSession: false }).disconnect(),
  "DISCONNECT while asleep": (s, clientId) => void s.connect({ clientId }).sleep().disconnect(),
  silence: (s, clientId) => void s.connect({ clientId, duration: 1 }).after(1500).closes(false).gone(),
  "sleep without an end": (s, clientId) => void s.connect({ clientId }).sleep(1).after(1500).closes(false).gone(),
  "a broken connection": (s, clientId) => void s.connect({ clientId }).gone().after(0).toClient("DISCONNECT"),
  "a broken connection while asleep": (s, clientId) => {
    s.connect({ clientId }).sleep(1).gone().nothing().after(1500).noted("client.lost", { clientId });
  },
  "a refusal of the broker": (s, clientId) => {
    s.client("CONNECT", { clientId }).opens().refuses(5).toClient("CONNACK", { returnCode: 3 });
  },
  "a broker that is not there": (s, clientId) => {
    s.client("CONNECT", { clientId }).opens().gone().toClient("CONNACK", { returnCode: 1 });
  },
  "a broker that says nothing": (s, clientId) => {
    s.client("CONNECT", { clientId }).opens().after(10_000).toClient("CONNACK", { returnCode: 1 }).closes(true).gone();
  },
  "a CONNECT that is not finished": (s, clientId) => {
    s.client("CONNECT", { clientId, will: true }).toClient("WILLTOPICREQ").after(60_000).noted("setup.abandoned");
    expect(s.arrows()).toEqual(["WILLTOPICREQ", "WILLTOPICREQ", "WILLTOPICREQ"]);
  },
  "a CONNECT that is taken back": (s, clientId) => {
    s.client("CONNECT", { clientId, will: true }).toClient("WILLTOPICREQ").client("DISCONNECT").toClient("DISCONNECT");
  },
  "a will that is none": (s, clientId) => {
    s.client("CONNECT", { clientId, will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "#" }).toClient("CONNACK", { returnCode: 3 });
  },
  "a message without an answer": (s, clientId) => {
    s.connect({ clientId, duration: 3600 }).subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.after(60_000);
    expect(s.arrows()).toContain("close, will fires");
    s.gone();
  },
  "another client at its port": (s, clientId) => {
    s.connect({ clientId });
    const { link } = s;
    s.client("CONNECT", { clientId: `${clientId} again` })
      .closes(false, link)
      .opens()
      .accepts();
    s.toClient("CONNACK", { returnCode: 0 }).gone(link).disconnect();
  },
  "another port": (s, clientId) => {
    s.connect({ clientId });
    const { link } = s;
    s.from(`${s.address} moved`).client("CONNECT", { clientId }).closes(true, link).gone(link).opens().accepts();
    s.toClient("CONNACK", { returnCode: 0 }).disconnect();
  },
};

/** As many clients as there is room for come and stay, and one more does not. */
function expectAllPlacesFree(s: Script): void {
  for (let index = 0; index < CLIENTS_MAX; index += 1) {
    s.from(`at last ${index}`).connect({ clientId: `at last ${index}`, duration: 3600 });
  }
  s.from("one more").client("CONNECT", { clientId: "one more" }).toClient("CONNACK", { returnCode: 1 });
  for (let index = 0; index < CLIENTS_MAX; index += 1) {
    s.from(`at last ${index}`).client("PINGREQ").toClient("PINGRESP");
  }
}

describe("the table of clients does not only grow", () => {
  test.each(Object.entries(WAYS))("field 2 after %s nobody is kept out, however often it happens", (_, comeAndGo) => {
    const s = new Script({ outageLimitMs: 0, reconnectMinMs: 60_000, clientsMax: CLIENTS_MAX });
    for (let index = 0; index < 10 * CLIENTS_MAX; index += 1) {
      comeAndGo(s.from(`port ${index}`), `dev${index}`);
      s.nothing();
    }
    expectAllPlacesFree(s);
  });

  test("field 2 after every way of leaving in turn nobody is kept out, with every place but one taken", () => {
    const s = new Script({ outageLimitMs: 0, reconnectMinMs: 60_000, clientsMax: CLIENTS_MAX });
    const ways = Object.values(WAYS);
    for (let index = 1; index < CLIENTS_MAX; index += 1) {
      s.from(`resident ${index}`).connect({ clientId: `resident ${index}`, duration: 65_535 });
    }
    for (let index = 0; index < 10 * ways.length; index += 1) {
      ways[index % ways.length]!(s.from(`port ${index}`), `dev${index}`);
      s.nothing();
    }
    s.from("newcomer").connect({ clientId: "newcomer", duration: 65_535 });
    s.from("one more").client("CONNECT", { clientId: "one more" }).toClient("CONNACK", { returnCode: 1 });
    for (let index = 1; index < CLIENTS_MAX; index += 1) {
      s.from(`resident ${index}`).client("PINGREQ").toClient("PINGRESP");
    }
  });

  test("field 2 strangers take no place, however many", () => {
    const s = new Script({ outageLimitMs: 0, reconnectMinMs: 60_000, clientsMax: CLIENTS_MAX });
    for (let index = 0; index < 100 * CLIENTS_MAX; index += 1) {
      s.from(`stranger ${index}`).client("PINGREQ").arrows();
      s.client("PUBLISH", { topicId: 1 }).arrows();
    }
    expectAllPlacesFree(s);
  });
});
