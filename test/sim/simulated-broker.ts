import type { Random } from "../../src/device/random.ts";
import type { LinkConnect } from "../../src/gateway/contract.ts";
import type { MqttQoS, PacketFromBroker, PacketToBroker, PublishPacket, Will } from "../../src/gateway/packet.ts";
import { matchesFilter } from "../sn/matches-filter.ts";
import type { BrokerHabits } from "./broker-habits.ts";

/** QoS 1 and 2 messages on their way to one client (Mosquitto's default). */
const IN_FLIGHT_MAX = 20;

/** Reason codes of MQTT 5. */
const NO_MATCHING_SUBSCRIBERS = 0x10;
const NOT_AUTHORIZED = 0x87;
const QUOTA_EXCEEDED = 0x97;

/** The broker's side of one connection. */
export interface BrokerConnection {
  /** A packet to the client. */
  send: (packet: PacketFromBroker) => void;
  /** The broker ends the connection; `isTakenOver` where the client is elsewhere. */
  end: (isTakenOver: boolean) => void;
  /** Whose it is: the name of a gateway. */
  readonly owner: string;
}

/** A message that a client published, as the broker routed it. */
export interface Routed {
  clientId: string | undefined;
  topic: string;
  payload: string;
  qos: MqttQoS;
  retain: boolean;
}

interface Outgoing {
  packet: PublishPacket;
  /** PUBREC has come: PUBREL is what is outstanding. */
  isReceived: boolean;
}

interface BrokerSession {
  readonly clientId: string;
  cleanSession: boolean;
  connection: BrokerConnection | undefined;
  will: Will | undefined;
  readonly subscriptions: Map<string, MqttQoS>;
  readonly inFlight: Map<number, Outgoing>;
  readonly queue: PublishPacket[];
  /** Payloads of QoS 2 messages received whose PUBREL has not come. */
  readonly received: Map<number, string>;
  packetId: number;
}

/** An MQTT 3.1.1 broker in memory: sessions, QoS 0 to 2 both ways, retained messages, wills. Time and transport are the simulation's. */
export class SimulatedBroker {
  /** Everything that was routed, in order. */
  readonly routed: Routed[] = [];
  /** A client has acknowledged this message: PUBACK, or PUBREC at QoS 2. */
  onAcknowledged: (clientId: string, packet: PublishPacket) => void = () => {};
  /** A message is for a client; `isCopy` where a SUBSCRIBE brings a retained one. */
  onQueued: (payload: string, qos: MqttQoS, isCopy: boolean) => void = () => {};
  /** A session has ended, with messages for its client, and with the memory of QoS 2 messages of its client that are not released. */
  onForgotten: (clientId: string, pending: readonly string[], unreleased: readonly string[]) => void = () => {};
  /** It has denied a session that it has, with the memory of these QoS 2 messages of its client that are not released. */
  onDenied: (unreleased: readonly string[]) => void = () => {};
  /** A message is taken for a repetition of another one. */
  onSwallowed: (payload: string) => void = () => {};
  /** A message is refused. */
  onRefused: (payload: string) => void = () => {};
  /** It may refuse what it could take. */
  isFaulty = true;
  readonly #habits: BrokerHabits;
  readonly #random: Random;
  readonly #sessions = new Map<string, BrokerSession>();
  readonly #byConnection = new Map<BrokerConnection, BrokerSession>();
  readonly #retained = new Map<string, PublishPacket>();

  constructor(habits: BrokerHabits, random: Random) {
    this.#habits = habits;
    this.#random = random;
  }

  /** Whether the session was there, as the client is told. */
  connect(connection: BrokerConnection, { clientId, cleanSession, will }: LinkConnect): boolean {
    const before = this.#sessions.get(clientId);
    if (before?.connection !== undefined) {
      const old = before.connection;
      this.disconnect(old, true);
      old.end(true);
    }
    const kept = this.#sessions.get(clientId);
    const isPresent = kept !== undefined && !cleanSession;
    if (kept !== undefined && !isPresent) this.#forget(kept);
    const session = isPresent ? kept : newSession(clientId);
    session.cleanSession = cleanSession;
    session.connection = connection;
    session.will = will;
    this.#sessions.set(clientId, session);
    this.#byConnection.set(connection, session);
    if (!isPresent || !this.#habits.deniesSessions) return isPresent;
    this.onDenied([...session.received.values()]);
    // To a client that is told so what comes again is a new message.
    for (const { packet, isReceived } of session.inFlight.values()) {
      if (!isReceived) this.onQueued(Buffer.from(packet.payload).toString(), packet.qos, true);
    }
    return false;
  }

  /** After CONNACK: what the session still has for its client goes out again, in order (MQTT-4.4.0-1). */
  redeliver(connection: BrokerConnection): void {
    const session = this.#byConnection.get(connection);
    if (session === undefined) return;
    for (const [messageId, { packet, isReceived }] of session.inFlight) {
      connection.send(isReceived ? { cmd: "pubrel", messageId } : { ...packet, dup: true });
    }
    this.#fill(session);
  }

  /** The connection has ended; without DISCONNECT the will fires. */
  disconnect(connection: BrokerConnection, firesWill: boolean): void {
    const session = this.#byConnection.get(connection);
    if (session === undefined) return;
    this.#byConnection.delete(connection);
    session.connection = undefined;
    const { will } = session;
    session.will = undefined;
    if (session.cleanSession) this.#forget(session);
    if (firesWill && will !== undefined) this.publish(session.clientId, will);
  }

  /** Its process ends and is there again: every connection ends, and no will fires. Where it `forgets`, it had written nothing down. */
  restart(forgets: boolean): void {
    for (const session of [...this.#sessions.values()]) {
      const { connection } = session;
      session.connection = undefined;
      session.will = undefined;
      if (connection !== undefined) this.#byConnection.delete(connection);
      if (forgets || session.cleanSession) this.#forget(session);
      connection?.end(false);
    }
    if (forgets) this.#retained.clear();
  }

  /** The broker ends the connection of this client, if there is one, as where somebody sends the client away. */
  kick(clientId: string, isTakenOver: boolean): void {
    const connection = this.#sessions.get(clientId)?.connection;
    if (connection === undefined) return;
    this.disconnect(connection, true);
    connection.end(isTakenOver);
  }

  receive(connection: BrokerConnection, packet: PacketToBroker): void {
    const session = this.#byConnection.get(connection);
    if (session === undefined) return;
    switch (packet.cmd) {
      case "publish":
        this.#receivePublish(session, connection, packet);
        break;
      case "pubrel":
        session.received.delete(packet.messageId);
        connection.send({ cmd: "pubcomp", messageId: packet.messageId });
        break;
      case "puback":
      case "pubcomp":
        this.#complete(session, packet.messageId, packet.cmd);
        break;
      case "pubrec":
        this.#release(session, connection, packet.messageId);
        break;
      case "subscribe": {
        const granted = packet.subscriptions.map(({ qos }) => qos);
        for (const { topic, qos } of packet.subscriptions) session.subscriptions.set(topic, qos);
        connection.send({ cmd: "suback", messageId: packet.messageId, granted });
        for (const { topic, qos } of packet.subscriptions) this.#sendRetained(session, topic, qos);
        break;
      }
      case "unsubscribe":
        for (const topic of packet.unsubscriptions) session.subscriptions.delete(topic);
        connection.send({ cmd: "unsuback", messageId: packet.messageId });
        break;
    }
  }

  /** Routes a message; `clientId` undefined is the far end itself. */
  publish(clientId: string | undefined, message: Will): void {
    const { topic, payload, qos, retain } = message;
    this.routed.push({ clientId, topic, payload: Buffer.from(payload).toString(), qos, retain });
    const packet: PublishPacket = { cmd: "publish", topic, payload, qos, retain: false, dup: false, messageId: 0 };
    if (retain && payload.length === 0) this.#retained.delete(topic);
    else if (retain) this.#retained.set(topic, { ...packet, retain: true });
    for (const session of this.#sessions.values()) {
      let granted = -1;
      for (const [filter, subscribedQos] of session.subscriptions) {
        if (matchesFilter(filter, topic)) granted = Math.max(granted, subscribedQos);
      }
      if (granted >= 0) this.#deliver(session, { ...packet, qos: Math.min(qos, granted) as MqttQoS }, false);
    }
  }

  /** Whether this client would be sent a message to `topic`, and at which QoS. */
  grantedQos(clientId: string, topic: string): MqttQoS | undefined {
    const grants = [...(this.#sessions.get(clientId)?.subscriptions ?? [])]
      .filter(([filter]) => matchesFilter(filter, topic))
      .map(([, qos]) => qos);
    return grants.length === 0 ? undefined : (Math.max(...grants) as MqttQoS);
  }

  /** The client's connection by way of `owner`, with its will; undefined where it has none. */
  connectionOf(clientId: string, owner: string): { will: Will | undefined } | undefined {
    const session = this.#sessions.get(clientId);
    return session?.connection?.owner === owner ? session : undefined;
  }

  /** Whether there is a session of this client, with or without a connection. */
  hasSession(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  /** Whether the client has subscribed with this filter. */
  hasSubscription(clientId: string, filter: string): boolean {
    return this.#sessions.get(clientId)?.subscriptions.has(filter) === true;
  }

  /** Messages that the client has not acknowledged, in order. */
  pendingOf(clientId: string): string[] {
    const session = this.#sessions.get(clientId);
    return session === undefined ? [] : pendingOf(session);
  }

  /** Messages that the client has not acknowledged. */
  pendingFor(clientId: string): number {
    const session = this.#sessions.get(clientId);
    return session === undefined ? 0 : session.inFlight.size + session.queue.length;
  }

  #receivePublish(session: BrokerSession, connection: BrokerConnection, packet: PublishPacket): void {
    const { messageId, qos } = packet;
    const isRepeated = qos === 2 && session.received.has(messageId);
    const reasonCode = isRepeated || qos === 0 ? undefined : this.#reasonCode();
    if (reasonCode !== undefined && reasonCode >= 0x80) {
      this.onRefused(Buffer.from(packet.payload).toString());
      connection.send({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode });
      return;
    }
    const text = Buffer.from(packet.payload).toString();
    if (isRepeated && session.received.get(messageId) !== text) this.onSwallowed(text);
    if (qos === 2) session.received.set(messageId, text);
    if (!isRepeated) this.publish(session.clientId, packet);
    if (qos === 0) return;
    const answer = { cmd: qos === 1 ? "puback" : "pubrec", messageId } as const;
    connection.send(reasonCode === undefined ? answer : { ...answer, reasonCode });
  }

  /** What MQTT 5 has for the answer to a PUBLISH; undefined is plain success. */
  #reasonCode(): number | undefined {
    const { quota, denials, oddSuccesses } = this.#habits;
    if (quota + denials + oddSuccesses === 0 || !this.isFaulty) return undefined;
    const drawn = this.#random.next();
    if (drawn < quota) return QUOTA_EXCEEDED;
    if (drawn < quota + denials) return NOT_AUTHORIZED;
    return this.#random.next() < oddSuccesses ? NO_MATCHING_SUBSCRIBERS : undefined;
  }

  #forget(session: BrokerSession): void {
    this.#sessions.delete(session.clientId);
    this.onForgotten(session.clientId, pendingOf(session), [...session.received.values()]);
  }

  #complete(session: BrokerSession, messageId: number, cmd: "puback" | "pubcomp"): void {
    const outgoing = session.inFlight.get(messageId);
    if (outgoing === undefined || (cmd === "puback") !== (outgoing.packet.qos === 1)) return;
    session.inFlight.delete(messageId);
    if (cmd === "puback") this.onAcknowledged(session.clientId, outgoing.packet);
    this.#fill(session);
  }

  #release(session: BrokerSession, connection: BrokerConnection, messageId: number): void {
    const outgoing = session.inFlight.get(messageId);
    if (outgoing?.packet.qos === 2 && !outgoing.isReceived) {
      outgoing.isReceived = true;
      this.onAcknowledged(session.clientId, outgoing.packet);
    }
    connection.send({ cmd: "pubrel", messageId });
  }

  #sendRetained(session: BrokerSession, filter: string, granted: MqttQoS): void {
    for (const [topic, packet] of this.#retained) {
      if (matchesFilter(filter, topic)) {
        this.#deliver(session, { ...packet, qos: Math.min(packet.qos, granted) as MqttQoS }, true);
      }
    }
  }

  #deliver(session: BrokerSession, packet: PublishPacket, isCopy: boolean): void {
    this.onQueued(Buffer.from(packet.payload).toString(), packet.qos, isCopy);
    if (packet.qos === 0) {
      session.connection?.send(packet);
      return;
    }
    session.queue.push(packet);
    this.#fill(session);
  }

  #fill(session: BrokerSession): void {
    const { connection, queue, inFlight } = session;
    if (connection === undefined) return;
    while (inFlight.size < IN_FLIGHT_MAX && queue.length > 0) {
      do session.packetId = (session.packetId % 0xffff) + 1;
      while (inFlight.has(session.packetId));
      const packet = { ...queue.shift()!, messageId: session.packetId };
      inFlight.set(session.packetId, { packet, isReceived: false });
      connection.send(packet);
    }
  }
}

function newSession(clientId: string): BrokerSession {
  return {
    clientId,
    cleanSession: true,
    connection: undefined,
    will: undefined,
    subscriptions: new Map(),
    inFlight: new Map(),
    queue: [],
    received: new Map(),
    packetId: 0,
  };
}

/** Payloads; of those that are in flight only where the client has not said PUBREC. */
function pendingOf({ inFlight, queue }: BrokerSession): string[] {
  const sent = [...inFlight.values()].filter(({ isReceived }) => !isReceived).map(({ packet }) => packet);
  return [...sent, ...queue].map(({ payload }) => Buffer.from(payload).toString());
}
