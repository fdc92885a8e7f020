import type { SavedPublish, SavedSession, SavedTopic } from "../../src/gateway/saved-session.ts";
import type { Subscription } from "../../src/gateway/subscription-table.ts";
import type { Chance } from "./chance.ts";
import type { FuzzProfile } from "./fuzz-profile.ts";
import { TOPIC_NAMES } from "./vocabulary.ts";

const NUMBERS = [0, 1, 2, 7, 10, 60, 0xfffe, 0xffff, 0x10000, 1e12, 1e308, -1, 0.5] as const;
const NAMES = [...TOPIC_NAMES, "a/#", "+", "", "n\0n", "x".repeat(70_000)] as const;

/** What a store may hold of a client after somebody has been at it: plain data of the right type, as JSON has it, and often nonsense. */
export function anySavedSession(chance: Chance, profile: FuzzProfile, client: number, forwarder: string): SavedSession {
  const number = () => (chance.happens(0.7) ? chance.integer(1, 20) : chance.pick(NUMBERS));
  const isForwarded = client < profile.forwarded;
  const at = chance.happens(0.8) ? client : chance.integer(0, profile.clients - 1);
  return {
    clientId: chance.happens(0.9) ? `client-${client}` : chance.pick(["", "client-0", "bad\0id", "x".repeat(300)]),
    durable: chance.happens(0.6),
    state: chance.pick(["active", "asleep", "disconnected"] as const),
    address: isForwarded ? forwarder : `address-${at}`,
    wirelessNodeId: isForwarded ? Uint8Array.of(at) : undefined,
    keepAlive: number(),
    sleepDuration: number(),
    will: chance.happens(0.3)
      ? { topic: chance.pick(NAMES), payload: chance.octets(3), qos: chance.pick([0, 1, 2]), retain: false }
      : undefined,
    topics: several((): SavedTopic => ({ id: number(), name: chance.pick(NAMES), announced: chance.happens(0.5) })),
    subscriptions: several((): Subscription => {
      const topicIdType = chance.pick(["normal", "predefined", "short"] as const);
      return { filter: chance.pick(NAMES), topicIdType, topicId: number(), qos: chance.pick([0, 1, 2]) };
    }),
    mountpoint: "",
    openPublishes: several((): SavedPublish => {
      const fingerprint = chance.pick([undefined, 1]);
      return { msgId: number(), packetId: number(), fingerprint, released: chance.happens(0.5) };
    }),
    inFlight: number(),
  };

  function several<T>(one: () => T): T[] {
    return Array.from({ length: chance.integer(0, 4) }, one);
  }
}
