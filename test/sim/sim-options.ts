import { Random } from "../../src/device/random.ts";
import type { Settings } from "../../src/gateway/settings.ts";
import { type BrokerHabits, drawHabits } from "./broker-habits.ts";
import { MODEL_NAMES, type ModelName } from "./models/model-name.ts";

/** What one seed draws: not only the order of things, but what kind of world it is. Means of Infinity are things that never happen. */
export interface SimOptions {
  seed: number;
  devices: number;
  /** Whose client each device is, in turn. */
  models: ModelName[];
  /** Forwarders that devices may be behind. */
  forwarders: number;
  /** The share of the devices behind one of them. */
  forwarded: number;
  /** How long there are faults, in milliseconds of virtual time. */
  faultsMs: number;
  /** Shares of the datagrams. */
  loss: number;
  duplicates: number;
  late: number;
  delayMsMax: number;
  /** How late a late datagram is. */
  lateMsMax: number;
  brokerDelayMsMax: number;
  /** Mean times until one broker connection is lost: both ends are told, or neither is, or the broker ends this one alone. */
  linkBreakMs: number;
  linkHoleMs: number;
  kickMs: number;
  /** The share of the attempts to connect that are refused; and of those that break when the broker has accepted them. */
  linkRefusals: number;
  linkHalfOpens: number;
  linkStallMs: number;
  /** Mean time until a connection is told that it holds only a little longer. */
  linkExpiryMs: number;
  /** Mean time between the times at which a gateway is given other settings. */
  reloadMs: number;
  /** Mean time between the times at which somebody is sent away. */
  dismissMs: number;
  /** What the broker does otherwise than others. */
  habits: BrokerHabits;
  /** Mean time between the times at which the network between a gateway and the broker is gone, and how long at most. */
  outageMs: number;
  outageLastsMsMax: number;
  /** Mean time between the times at which the broker's process ends; how long it is gone at most; and how often it has forgotten all. */
  brokerRestartMs: number;
  brokerGoneMsMax: number;
  brokerForgets: number;
  /** How late the gateway learns at most whether it can reach the broker. */
  reachableLateMsMax: number;
  reconnectMinMs: number;
  reconnectMaxMs: number;
  reconnectsPerSecond: number;
  outageLimitMs: number;
  /** Mean time between crashes of a gateway. */
  crashMs: number;
  /** Mean time between orderly ends of a gateway, each followed by a new start. */
  stopMs: number;
  /** Whether gateways keep what they know of their clients, and how long after a change they write at the latest. */
  saves: boolean;
  saveMsMax: number;
  /** Gateways at the same broker, and the mean time until a device goes from one to the other. */
  gateways: number;
  roamMs: number;
  /** Mean times between what happens to one device: messages each way, messages of the far end all at once, … */
  messageMs: number;
  burstMs: number;
  /** … it loses its state, its battery is empty for a while, it gets another address, it takes an address that was another's, it leaves and comes back, … */
  rebootMs: number;
  offMs: number;
  moveMs: number;
  reuseMs: number;
  leaveMs: number;
  /** … it gives a subscription up or makes it again, it changes its will. */
  resubscribeMs: number;
  willUpdateMs: number;
  /** Mean times between what strangers send: junk, CONNECTs of clients that then are silent, SEARCHGW, PUBLISH with QoS −1. */
  junkMs: number;
  ghostMs: number;
  searchMs: number;
  qosMinusOneMs: number;
  /** The share of retained messages. */
  retained: number;
  tRetryMs: number;
  nRetry: number;
  sleeping: number;
  durable: number;
  wills: number;
  migrateOnWake: boolean;
  wakeByConnect: Settings["wakeByConnect"];
  clientsMax: number;
  queuedMax: number;
  bufferedOctetsMax: number;
  awakeMessagesMax: number;
}

export function drawOptions(seed: number): SimOptions {
  const random = new Random(seed);
  // What came to be drawn later, and is not to change what is drawn from the first.
  const later = new Random(seed ^ 0x1a7e4);
  const never = Number.POSITIVE_INFINITY;
  const sometimes = (share: number, most: number) => (random.next() < share ? random.next() * most : 0);
  const rarely = (share: number, least: number, most: number) =>
    random.next() < share ? random.integer(least, most) : never;
  const tRetryMs = random.integer(500, 10_000);
  // A datagram lives shorter than half of Tretry: what stays under way for longer can outlive the memory of its exchange, on both sides.
  const delayMsMax = random.integer(1, random.next() < 0.3 ? Math.floor(tRetryMs / 4) : 50);
  const devices = random.integer(1, 6);
  const hasModels = random.next() < 0.4;
  const models = Array.from({ length: devices }, () =>
    hasModels ? MODEL_NAMES[random.integer(0, MODEL_NAMES.length - 1)]! : "ours",
  );
  const gateways = random.next() < 0.25 ? 2 : 1;
  const forwarders = random.next() < 0.4 ? random.integer(1, 2) : 0;
  const options: SimOptions = {
    seed,
    devices,
    models,
    forwarders,
    forwarded: forwarders === 0 ? 0 : random.next(),
    faultsMs: random.integer(30_000, 300_000),
    loss: sometimes(0.7, 0.3),
    duplicates: sometimes(0.5, 0.3),
    late: sometimes(0.3, 0.1),
    delayMsMax,
    lateMsMax: Math.floor(tRetryMs / 2) - delayMsMax,
    brokerDelayMsMax: random.integer(1, random.next() < 0.2 ? 3000 : 100),
    linkBreakMs: rarely(0.4, 5_000, 120_000),
    linkHoleMs: rarely(0.2, 10_000, 120_000),
    kickMs: rarely(0.2, 10_000, 200_000),
    linkRefusals: sometimes(0.3, 0.5),
    linkHalfOpens: sometimes(0.3, 0.6),
    linkStallMs: rarely(0.3, 5_000, 60_000),
    outageMs: rarely(0.3, 20_000, 200_000),
    outageLastsMsMax: random.next() < 0.7 ? 30_000 : 200_000,
    brokerRestartMs: rarely(0.3, 20_000, 200_000),
    brokerGoneMsMax: random.next() < 0.7 ? 10_000 : 100_000,
    brokerForgets: random.next() < 0.5 ? 0 : random.next(),
    reachableLateMsMax: random.next() < 0.5 ? 100 : 10_000,
    reconnectMinMs: random.integer(50, 2000),
    reconnectMaxMs: random.integer(2000, 60_000),
    reconnectsPerSecond: random.next() < 0.3 ? random.integer(1, 10) : 500,
    outageLimitMs: random.next() < 0.3 ? random.integer(1000, 30_000) : random.integer(30_000, 120_000),
    crashMs: rarely(0.3, 5_000, 200_000),
    stopMs: rarely(0.2, 20_000, 200_000),
    saves: random.next() < 0.75,
    saveMsMax: random.integer(10, 1000),
    gateways,
    roamMs: gateways === 1 ? never : random.integer(10_000, 100_000),
    messageMs: random.integer(200, 20_000),
    burstMs: rarely(0.2, 5_000, 100_000),
    rebootMs: rarely(0.3, 5_000, 200_000),
    offMs: rarely(0.2, 10_000, 200_000),
    moveMs: rarely(0.3, 5_000, 200_000),
    reuseMs: rarely(0.2, 20_000, 200_000),
    leaveMs: rarely(0.2, 10_000, 200_000),
    resubscribeMs: rarely(0.3, 5_000, 100_000),
    willUpdateMs: rarely(0.3, 5_000, 100_000),
    junkMs: rarely(0.4, 200, 20_000),
    ghostMs: rarely(0.2, 2_000, 60_000),
    searchMs: rarely(0.3, 500, 60_000),
    qosMinusOneMs: rarely(0.3, 500, 20_000),
    retained: sometimes(0.3, 0.5),
    tRetryMs,
    nRetry: random.integer(3, 5),
    sleeping: sometimes(0.6, 1),
    durable: random.next(),
    wills: sometimes(0.5, 1),
    migrateOnWake: random.next() < 0.5,
    wakeByConnect: random.next() < 0.7 ? "resume" : random.next() < 0.5 ? "prompt" : "new",
    clientsMax: random.next() < 0.15 ? random.integer(1, devices) : 10_000,
    queuedMax: random.next() < 0.2 ? random.integer(3, 30) : 100,
    awakeMessagesMax: random.next() < 0.2 ? random.integer(1, 20) : 1000,
    bufferedOctetsMax: random.next() < 0.2 ? random.integer(400, 10_000) : 268_435_456,
    linkExpiryMs: later.next() < 0.25 ? later.integer(2_000, 100_000) : never,
    reloadMs: later.next() < 0.2 ? later.integer(2_000, 100_000) : never,
    dismissMs: later.next() < 0.15 ? later.integer(5_000, 100_000) : never,
    habits: drawHabits(seed),
  };
  // It is met only where connections are made anew for clients with durable sessions.
  if (options.habits.deniesSessions) Object.assign(options, { durable: 1, linkBreakMs: later.integer(2_000, 20_000) });
  const focus = random.next();
  if (focus < FOCUS_SHARE) return { ...options, ...sleepersOfBrokenConnections(random) };
  if (focus < 2 * FOCUS_SHARE) return { ...options, ...forgetfulBroker(random) };
  return options;
}

/** The share of the worlds for each of the things that have to come together, and seldom do by chance. */
const FOCUS_SHARE = 0.1;

/** A sleeping client asks for its messages at the moment at which its connection to the broker is not there. */
function sleepersOfBrokenConnections(random: Random): Partial<SimOptions> {
  const never = Number.POSITIVE_INFINITY;
  const calm = { loss: 0, linkStallMs: never, linkRefusals: 0, linkHalfOpens: 0, brokerDelayMsMax: 50 };
  const roomy = { queuedMax: 100, awakeMessagesMax: 1000, clientsMax: 10_000 };
  const linkBreakMs = random.integer(2000, 8000);
  return { ...calm, ...roomy, sleeping: 1, durable: 1, linkBreakMs, messageMs: random.integer(200, 1000) };
}

/** A broker that has forgotten everything, and connections that break when it has just accepted them. */
function forgetfulBroker(random: Random): Partial<SimOptions> {
  const brokerRestartMs = random.integer(5000, 30_000);
  return { durable: 1, brokerRestartMs, brokerGoneMsMax: 2000, brokerForgets: 1, linkHalfOpens: 0.5 };
}
