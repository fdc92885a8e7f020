import type { BrokerLimits } from "../../src/gateway/contract.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { encode } from "../../src/sn/encode.ts";
import { matchesFilter } from "../sn/matches-filter.ts";
import { Chance } from "./chance.ts";
import type { BrokerEnd } from "./fuzz-broker.ts";
import { type Action, type FuzzProfile, pickProfile, pickSettings } from "./fuzz-profile.ts";
import { FuzzWorld, type Reloads } from "./fuzz-world.ts";
import { invariant } from "./invariant.ts";
import { anySavedSession } from "./saved-sessions.ts";
import { answerTo, anyMessage, TOPIC_NAMES } from "./vocabulary.ts";

/** Where the forwarder is. */
const FORWARDER = "forwarder";

type Act = (world: FuzzWorld, chance: Chance, profile: FuzzProfile) => void;

const ACTIONS: Record<Action, Act> = {
  message: clientMessage,
  answer: clientAnswer,
  octets: randomOctets,
  damaged: damagedMessage,
  brokerAnswer,
  brokerPublish,
  brokerNonsense,
  linkEvent,
  brokerReachable: (world, chance) => world.handle({ type: "broker-reachable", reachable: chance.happens(0.8) }),
  saved: (world) => world.handle({ type: "saved" }),
  restart,
  reload,
  dismiss,
  time: timePasses,
};

/** A failed run: what did not hold, and what had happened. */
export class FuzzFailure extends Error {
  readonly seed: number;
  readonly history: readonly string[];

  constructor(seed: number, history: readonly string[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.seed = seed;
    this.history = history;
  }
}

/**
 * A run of `steps` events in virtual time: valid messages in any order, damaged ones and noise from several addresses, a broker that
 * answers or not, connections that fail. The seed first picks limits and how often each thing happens, so that runs differ in kind.
 * Throws a `FuzzFailure` when something that must hold does not. `reloads` must make no difference.
 * Returns a digest of all that happened and what the gateway did.
 */
export function fuzzRun(seed: number, steps: number, reloads?: Reloads): string {
  const chance = new Chance(seed);
  const profile = pickProfile(chance);
  const world = new FuzzWorld(profile.settings, seed, reloads);
  try {
    for (let step = 0; step < steps; step += 1) ACTIONS[chance.weighted(profile.actions)](world, chance, profile);
    world.stop();
    clientMessage(world, chance, profile);
    for (const { id } of world.broker.ends) world.handle({ type: "link-closed", link: id, reason: "fuzz" });
    return world.digest.digest("hex");
  } catch (error) {
    throw new FuzzFailure(seed, world.history, error);
  }
}

/** The number of the client that acts, and the address from which it does. */
function pickClient(chance: Chance, profile: FuzzProfile): { client: number; from: string } {
  const client = chance.integer(0, profile.clients - 1);
  const at = chance.happens(profile.mixUp) ? chance.integer(0, profile.clients - 1) : client;
  return { client, from: at < profile.forwarded ? `${FORWARDER}/0${at}` : `address-${at}` };
}

/** Sends a datagram; where the sender is a node behind the forwarder, the forwarder sends it in an envelope. */
function send(world: FuzzWorld, from: string, data: Uint8Array): void {
  const [address, nodeId] = from.split("/") as [string, string | undefined];
  if (nodeId === undefined) {
    world.handle({ type: "datagram", from, data });
    return;
  }
  const wirelessNodeId = Buffer.from(nodeId, "hex");
  const envelope = encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId, data });
  world.handle({ type: "datagram", from: address, data: envelope });
}

function clientMessage(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const { client, from } = pickClient(chance, profile);
  const data = encode(anyMessage(chance, profile, client, world.client(from)));
  send(world, from, data);
  if (chance.happens(0.1)) send(world, from, data);
}

function clientAnswer(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const { from } = pickClient(chance, profile);
  const { unanswered } = world.client(from);
  const [message] = unanswered.splice(chance.integer(0, Math.max(0, unanswered.length - 1)), 1);
  const answer = message === undefined ? undefined : answerTo(chance, message);
  if (answer !== undefined) send(world, from, encode(answer));
}

function randomOctets(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const data = chance.octets(chance.integer(0, 40));
  // Most are dropped for their Length; with a right one more of the codec is reached.
  if (chance.happens(0.8) && data.length > 1) data[0] = data.length;
  checkCodec(data);
  send(world, pickClient(chance, profile).from, data);
}

function damagedMessage(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const { client, from } = pickClient(chance, profile);
  const data = Uint8Array.from(encode(anyMessage(chance, profile, client, world.client(from))));
  for (let changes = chance.integer(1, 3); changes > 0; changes -= 1) {
    data[chance.integer(0, Math.min(12, data.length - 1))] = chance.integer(0, 255);
  }
  checkCodec(data);
  send(world, from, chance.happens(0.2) ? data.subarray(0, chance.integer(0, data.length)) : data);
}

/** What is accepted can be described, and means the same when it is encoded again. */
function checkCodec(data: Uint8Array): void {
  const message = decode(data);
  invariant(describe(message).length > 0, "every datagram can be described");
  if (message.type === "malformed" || Object.values(message).includes(null)) return;
  const again = decode(encode(message));
  invariant(describe(again) === describe(message), "an accepted datagram means the same when it is encoded again");
}

function openEnd(world: FuzzWorld, chance: Chance): BrokerEnd | undefined {
  // What the broker sends while the gateway does not read comes later.
  return chance.pick(world.broker.ends.filter(({ state, paused }) => state === "open" && !paused));
}

function brokerAnswer(world: FuzzWorld, chance: Chance): void {
  const end = openEnd(world, chance);
  const next = end?.unanswered.shift();
  if (end === undefined || next === undefined) return;
  if (next === "probe") {
    world.handle({ type: "link-probed", link: end.id });
    return;
  }
  const granted = chance.pick([0, 1, 2, 2, 0x80, 0x87, 0x97]);
  const reasonCode = chance.pick([undefined, undefined, undefined, undefined, 0x10, 0x87, 0x97]);
  const packet = world.broker.answer(next, granted, reasonCode);
  if (packet !== undefined) world.handle({ type: "packet", link: end.id, packet });
}

function brokerPublish(world: FuzzWorld, chance: Chance): void {
  const end = openEnd(world, chance);
  if (end === undefined) return;
  const qos = chance.pick([0, 1, 2]) as 0 | 1 | 2;
  let messageId = 0;
  if (qos > 0) {
    messageId = chance.happens(0.1) ? 0xffff : chance.integer(1, 10);
    while (end.deliveries.has(messageId)) messageId = (messageId % 0xffff) + 1;
  }
  // Mostly what was asked for; a stored session at the broker may know of more.
  const wanted = TOPIC_NAMES.filter((name) => [...end.filters].some((filter) => matchesFilter(filter, name)));
  const topic = (chance.happens(0.9) ? chance.pick(wanted) : undefined) ?? chance.pick(TOPIC_NAMES);
  const payload = new Uint8Array(chance.pick([0, 5, 5, 5, 5, 30, 1500]));
  const dup = qos > 0 && chance.happens(0.1);
  const packet = { cmd: "publish", topic, payload, qos, retain: chance.happens(0.1), dup, messageId } as const;
  world.handle({ type: "packet", link: end.id, packet });
}

/** Acknowledgements that nobody waits for, and PUBRELs of a connection of before. */
function brokerNonsense(world: FuzzWorld, chance: Chance): void {
  const end = openEnd(world, chance);
  if (end === undefined) return;
  const messageId = chance.integer(1, 10);
  const cmd = chance.pick(["puback", "pubrec", "pubcomp", "pubrel", "suback", "unsuback"] as const);
  if (end.requests.has(messageId) || (cmd === "pubrel" && end.deliveries.has(messageId))) return;
  const packet = cmd === "suback" ? { cmd, messageId, granted: [0] } : { cmd, messageId };
  world.handle({ type: "packet", link: end.id, packet });
}

function linkEvent(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const { ends } = world.broker;
  const end = ends.find(({ state }) => state === "opening") ?? chance.pick(ends);
  if (end === undefined) return;
  const link = end.id;
  const fails = chance.happens(2 * profile.linkFailure);
  if (end.state === "opening" && !fails) {
    const limits = chance.happens(0.3) ? { limits: anyLimits(chance) } : {};
    world.handle({ type: "link-opened", link, sessionPresent: chance.happens(0.5), ...limits });
  } else if (end.state === "opening" && chance.happens(0.5)) {
    world.handle({ type: "link-refused", link, returnCode: chance.pick([1, 2, 3, 4, 5, 0x88, 0x97, 0x9b]) });
  } else if (end.state === "open" && !chance.happens(profile.linkFailure)) {
    if (end.stalled) world.handle({ type: "link-drained", link });
    else if (chance.happens(profile.stall)) world.handle({ type: "link-stalled", link });
    else if (chance.happens(0.05)) world.handle({ type: "link-expires", link });
  } else {
    const byBroker = end.state === "open" && chance.happens(0.5);
    const takenOver = end.state === "open" && !byBroker && chance.happens(0.3);
    world.handle({ type: "link-closed", link, reason: "fuzz", byBroker, takenOver });
  }
}

/** What a broker of MQTT 5 may say that it cannot do. */
function anyLimits(chance: Chance): BrokerLimits {
  return {
    receiveMax: chance.pick([1, 2, 10, 65_535]),
    maxQos: chance.pick([0, 1, 2, 2]),
    retains: chance.happens(0.7),
    packetOctetsMax: chance.pick([1, 30, 268_435_455, 268_435_455]),
  };
}

/** What is restored is what there was, or what somebody has written into the store. */
function restart(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const sessions: SavedSession[] = [];
  for (let client = 0; client < profile.clients; client += 1) {
    const saved = chance.happens(0.8)
      ? world.savedSession(`client-${client}`)
      : anySavedSession(chance, profile, client, FORWARDER);
    if (saved !== undefined) sessions.push(structuredClone(saved));
  }
  if (chance.happens(0.3)) world.stop();
  world.restart(chance.integer(0, 0xffff));
  const lastTopicId = chance.happens(0.9) ? world.lastTopicId : chance.pick([-1, 0, 0.5, 0xfffe, 1e9]);
  if (chance.happens(0.9)) world.handle({ type: "restore", saved: { sessions, lastTopicId } });
  world.handle({ type: "broker-reachable", reachable: chance.happens(0.8) });
}

/** Some settings are others. Predefined ids may be such as clients have been given. */
function reload(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const others = pickSettings(chance);
  const kept = Object.keys(others).filter(() => chance.happens(0.5));
  const { savesSessions, standby, predefinedTopics } = world.settings;
  const address = pickClient(chance, profile).from;
  const ids = [7, 8, chance.pick(world.client(address).topicIds) ?? 9];
  const topics = ids.map((id) => ({ id, topic: chance.pick(["p/7", "p/8", "a/b"]), clientId: undefined }));
  world.reload({
    ...others,
    ...Object.fromEntries(kept.map((name) => [name, world.settings[name as keyof typeof others]])),
    savesSessions,
    standby,
    predefinedTopics: chance.happens(0.3) ? predefinedTopics : topics.filter(() => chance.happens(0.8)),
  });
}

/** Whoever operates the gateway sends a client away; sometimes one that there is not. */
function dismiss(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const clientId = `client-${chance.integer(0, profile.clients)}`;
  world.handle({ type: "dismiss", clientId, forget: chance.happens(0.5) });
}

function timePasses(world: FuzzWorld, chance: Chance, profile: FuzzProfile): void {
  const untilDeadline = Math.max(0, world.deadline - world.now);
  const toDeadline = Number.isFinite(untilDeadline) ? untilDeadline : 0;
  world.advance(chance.pick([...profile.pauses, toDeadline, Math.max(0, toDeadline - 1)]));
}
