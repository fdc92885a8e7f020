import type { IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet";
import { matchesFilter } from "../sn/matches-filter.ts";
import type { Habit } from "./quirk-habit.ts";

/** MQTT 5: what a broker says as it ends a connection for what it does not allow. */
const NOT_ALLOWED = 0x87;

/** Packet identifiers from here on are the proxy's own: a broker counts from 1. */
const OWN_IDS_FROM = 0x8000;

/** RabbitMQ: takes QoS 2 for QoS 1, in publishing as in subscribing. */
export const takesQos2AsQos1: Habit = () => ({
  fromClient: (packet) => {
    if (packet.cmd === "publish" && packet.qos === 2) return { ...packet, qos: 1 };
    // An exchange that it knows nothing of.
    if (packet.cmd === "pubrel") return undefined;
    return packet.cmd === "subscribe" ? grantingAtMost(packet, 1) : packet;
  },
});

/** Grants no more than this, whatever is asked for. */
export function grantsAtMost(qos: 0 | 1): Habit {
  return () => ({ fromClient: (packet) => (packet.cmd === "subscribe" ? grantingAtMost(packet, qos) : packet) });
}

/** Ends the connection at a PUBLISH that has something which it does not bear. */
export function endsAt(what: string, isBad: (packet: IPublishPacket) => boolean): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd === "publish" && isBad(packet)) passage.sendAway(`PUBLISH ${what}`, NOT_ALLOWED);
      return packet;
    },
  });
}

/** AWS, Azure, NATS, Adafruit. */
export const endsAtQos2 = endsAt("with QoS 2", ({ qos }) => qos === 2);

/** Adafruit, Azure. */
export const endsAtRetained = endsAt("to be retained", ({ retain }) => retain);

/** NATS: a PUBLISH to a topic with one of these ends the connection; a SUBSCRIBE is refused. */
export function bearsNoneOf(characters: string): Habit {
  const isBad = (topic: string) => [...characters].some((character) => topic.includes(character));
  const ends = endsAt(`with one of "${characters}" in its topic`, ({ topic }) => isBad(topic));
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd !== "subscribe" || !packet.subscriptions.some(({ topic }) => isBad(topic))) {
        return ends(passage).fromClient!(packet);
      }
      passage.toClient({ cmd: "suback", messageId: packet.messageId!, granted: packet.subscriptions.map(() => 0x80) });
      return undefined;
    },
  });
}

/** AWS: that many filters in one SUBSCRIBE, and that many on one connection. */
export function subscribesAtMost(filtersAtOnce: number, filters: number): Habit {
  return (passage) => {
    const subscribed = new Set<string>();
    return {
      fromClient: (packet) => {
        if (packet.cmd === "unsubscribe") for (const filter of packet.unsubscriptions) subscribed.delete(filter);
        if (packet.cmd !== "subscribe") return packet;
        for (const { topic } of packet.subscriptions) subscribed.add(topic);
        if (packet.subscriptions.length > filtersAtOnce) {
          passage.sendAway(`SUBSCRIBE with ${packet.subscriptions.length} filters`, NOT_ALLOWED);
        } else if (subscribed.size > filters) passage.sendAway(`subscription ${subscribed.size}`, NOT_ALLOWED);
        return packet;
      },
    };
  };
}

/** Azure: a CONNECT with a longer keep alive, or none, is not accepted. */
export function keepAliveAtMost(seconds: number): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd === "connect" && (packet.keepalive === 0 || packet.keepalive! > seconds)) {
        passage.sendAway(`keep alive of ${packet.keepalive} s`, NOT_ALLOWED);
      }
      return packet;
    },
  });
}

/** ActiveMQ: never says that there is a session, and keeps it nevertheless. */
export const neverSaysSessionPresent: Habit = () => ({
  fromBroker: (packet) => (packet.cmd === "connack" ? { ...packet, sessionPresent: false } : packet),
});

/** RabbitMQ: in the topics of what it delivers these characters have become others. */
export function rewrites(characters: Readonly<Record<string, string>>): Habit {
  const rewritten = (topic: string) => [...topic].map((character) => characters[character] ?? character).join("");
  return () => ({
    fromBroker: (packet) => (packet.cmd === "publish" ? { ...packet, topic: rewritten(packet.topic) } : packet),
  });
}

/** Delivers a message as often as the client has filters that fit; to be put before a broker that does so once. */
export const deliversOncePerFilter: Habit = (passage) => {
  const filters = new Set<string>();
  let ownId = OWN_IDS_FROM;
  return {
    fromClient: (packet) => {
      if (packet.cmd === "subscribe") for (const { topic } of packet.subscriptions) filters.add(topic);
      if (packet.cmd === "unsubscribe") for (const filter of packet.unsubscriptions) filters.delete(filter);
      if (!isOfCopy(packet)) return packet;
      if (packet.cmd === "pubrec") passage.toClient({ cmd: "pubrel", messageId: packet.messageId! });
      return undefined;
    },
    fromBroker: (packet) => {
      if (packet.cmd !== "publish" || packet.dup) return packet;
      const fitting = [...filters].filter((filter) => matchesFilter(filter, packet.topic));
      for (let copy = 1; copy < fitting.length; copy += 1) {
        if (packet.qos > 0) ownId += 1;
        passage.toClient(packet.qos === 0 ? packet : { ...packet, messageId: ownId });
      }
      return packet;
    },
  };
};

/** Lets no more than this many connections in a second; the others are refused. */
export function letsInPerSecond(connections: number): Habit {
  const times: number[] = [];
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd !== "connect") return packet;
      const now = performance.now();
      while (times.length > 0 && times[0]! < now - 1000) times.shift();
      if (times.length >= connections) passage.refuse(3, 0x9f);
      else times.push(now);
      return packet;
    },
  });
}

/** Azure: a connection lasts as long as what it was opened with. */
export function lasts(lifetimeMs: number): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd === "connect" && passage.isOfClient) passage.after(lifetimeMs, () => passage.end(NOT_ALLOWED));
      return packet;
    },
  });
}

/** Takes its time to answer PUBLISH, as where a round trip is long. */
export function answersAfter(delayMs: number): Habit {
  return (passage) => ({
    fromBroker: (packet) => {
      if (packet.cmd !== "puback" && packet.cmd !== "pubrec") return packet;
      passage.after(delayMs, () => passage.toClient(packet));
      return undefined;
    },
  });
}

/** A broker of before 2019: what it says to a CONNECT of MQTT 5. */
export function speaks311Only(how: "CONNACK 1" | "CONNACK 0x84" | "closes"): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd !== "connect" || packet.protocolVersion !== 5) return packet;
      // The return code is written the way that a client of MQTT 5 does not expect.
      if (how === "CONNACK 1") passage.version = 4;
      if (how === "closes") passage.end();
      else passage.refuse(1, 0x84);
      return undefined;
    },
  });
}

/** Refuses the CONNECT of who does not show what is asked for. */
export function letsIn(isFit: (shown: { clientId: string; username: string; password: string }) => boolean): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd !== "connect") return packet;
      const { clientId, username = "", password = "" } = packet;
      if (!isFit({ clientId, username, password: password.toString() })) passage.refuse(5, NOT_ALLOWED);
      return packet;
    },
  });
}

function grantingAtMost(packet: ISubscribePacket, qosMax: 0 | 1): ISubscribePacket {
  const subscriptions = packet.subscriptions.map((each) => ({ ...each, qos: Math.min(each.qos, qosMax) as 0 | 1 }));
  return { ...packet, subscriptions };
}

/** Whether it belongs to a message that only the proxy knows of. */
function isOfCopy({ cmd, messageId = 0 }: Packet): boolean {
  return ["puback", "pubrec", "pubcomp"].includes(cmd) && messageId > OWN_IDS_FROM;
}
