import { generate, type IConnackPacket, type Packet } from "mqtt-packet";
import type { Habit } from "./quirk-habit.ts";

type ConnackProperties = NonNullable<IConnackPacket["properties"]>;

/** What the broker says at CONNACK. */
function says(properties: ConnackProperties): (packet: Packet) => Packet {
  return (packet) =>
    packet.cmd === "connack" ? { ...packet, properties: { ...packet.properties, ...properties } } : packet;
}

/** Bears no more than this many PUBLISHes of QoS 1 and 2 that are unfinished. */
export function receivesAtMost(receiveMaximum: number): Habit {
  return (passage) => {
    const unfinished = new Set<number>();
    const saysSo = says({ receiveMaximum });
    return {
      fromClient: (packet) => {
        if (packet.cmd !== "publish" || packet.qos === 0) return packet;
        unfinished.add(packet.messageId!);
        if (unfinished.size > receiveMaximum) passage.sendAway(`${unfinished.size} PUBLISHes at once`, 0x93);
        return packet;
      },
      fromBroker: (packet) => {
        const ends = packet.cmd === "puback" || packet.cmd === "pubcomp" || isRefusedPubrec(packet);
        if (ends) unfinished.delete(packet.messageId!);
        return saysSo(packet);
      },
    };
  };
}

/** Bears no QoS above this, in a will neither. */
export function qosAtMost(maximumQoS: 0 | 1): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd === "publish" && packet.qos > maximumQoS) passage.sendAway(`QoS ${packet.qos}`, 0x9b);
      if (packet.cmd === "connect" && (packet.will?.qos ?? 0) > maximumQoS) passage.refuse(3, 0x9b);
      if (packet.cmd !== "subscribe") return packet;
      const subscriptions = packet.subscriptions.map((each) => {
        return { ...each, qos: Math.min(each.qos, maximumQoS) as 0 | 1 };
      });
      return { ...packet, subscriptions };
    },
    fromBroker: says({ maximumQoS }),
  });
}

/** Keeps nothing, and bears nothing that is to be kept. */
export const retainsNothing: Habit = (passage) => ({
  fromClient: (packet) => {
    if (packet.cmd === "publish" && packet.retain) passage.sendAway("Retain", 0x9a);
    if (packet.cmd === "connect" && packet.will?.retain === true) passage.refuse(3, 0x9a);
    return packet;
  },
  fromBroker: says({ retainAvailable: false }),
});

/** Bears no packet that is larger than this many octets. */
export function packetsOfAtMost(maximumPacketSize: number): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      const size = generate(packet, { protocolVersion: 5 }).length;
      if (packet.cmd !== "connect" && size > maximumPacketSize) passage.sendAway(`a packet of ${size} octets`, 0x95);
      return packet;
    },
    fromBroker: says({ maximumPacketSize }),
  });
}

/** Wants to hear of a client at least every so many seconds, and keeps to it. */
export function keepsAlive(serverKeepAlive: number): Habit {
  return (passage) => {
    let heardAtMs = performance.now();
    const watch = () => {
      const silentMs = performance.now() - heardAtMs;
      if (silentMs > serverKeepAlive * 1500) passage.sendAway(`silent for ${Math.round(silentMs)} ms`, 0x8d);
      else passage.after(serverKeepAlive * 100, watch);
    };
    return {
      fromClient: (packet) => {
        heardAtMs = performance.now();
        if (packet.cmd === "connect") watch();
        return packet;
      },
      fromBroker: says({ serverKeepAlive }),
    };
  };
}

/** Keeps sessions no longer than this, whatever is asked for. */
export function keepsSessionsFor(seconds: number): Habit {
  let asked = 0;
  return () => ({
    fromClient: (packet) => {
      if (packet.cmd !== "connect") return packet;
      asked = packet.properties?.sessionExpiryInterval ?? 0;
      return { ...packet, properties: { ...packet.properties, sessionExpiryInterval: Math.min(asked, seconds) } };
    },
    fromBroker: (packet) => (asked > seconds ? says({ sessionExpiryInterval: seconds })(packet) : packet),
  });
}

/** Answers PUBLISH to this topic with a reason code; from 0x80 on the message goes nowhere. */
export function answersPublish(topic: string, reasonCode: number): Habit {
  return (passage) => {
    const ids = new Set<number>();
    return {
      fromClient: (packet) => {
        if (packet.cmd !== "publish" || packet.topic !== topic || packet.qos === 0) return packet;
        const { messageId = 0, qos } = packet;
        if (reasonCode < 0x80) ids.add(messageId);
        else passage.toClient({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode });
        return reasonCode < 0x80 ? packet : undefined;
      },
      fromBroker: (packet) => {
        if ((packet.cmd !== "puback" && packet.cmd !== "pubrec") || !ids.delete(packet.messageId!)) return packet;
        return { ...packet, reasonCode };
      },
    };
  };
}

/** Answers SUBSCRIBE to this filter with a reason code. */
export function answersSubscribe(filter: string, reasonCode: number): Habit {
  return (passage) => ({
    fromClient: (packet) => {
      if (packet.cmd !== "subscribe" || packet.subscriptions[0]?.topic !== filter) return packet;
      passage.toClient({ cmd: "suback", messageId: packet.messageId!, granted: [reasonCode] });
      return undefined;
    },
  });
}

function isRefusedPubrec(packet: Packet): boolean {
  return packet.cmd === "pubrec" && (packet.reasonCode ?? 0) >= 0x80;
}
