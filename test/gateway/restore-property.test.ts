import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effect, GatewayEvent } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { octets } from "./script.ts";

const SETTINGS = {
  ...DEFAULT_SETTINGS,
  savesSessions: true,
  predefinedTopics: [{ id: 7, topic: "predefined", clientId: undefined }],
};

const number16 = fc.integer({ min: 0, max: 0xffff });
const topicId = fc.integer({ min: 8, max: 0xfffe });
const qos = fc.constantFrom(0, 1, 2) as fc.Arbitrary<0 | 1 | 2>;
const name = fc.stringMatching(/^[a-z/]{3,20}$/);

const subscriptions = fc
  .tuple(
    fc.uniqueArray(fc.record({ filter: name, topicIdType: fc.constant("normal"), topicId: fc.constant(0), qos }), {
      selector: ({ filter }) => filter,
    }),
    fc.option(qos, { nil: undefined }),
    fc.option(qos, { nil: undefined }),
  )
  .map(([plain, predefined, short]) => [
    ...plain,
    ...(predefined === undefined
      ? []
      : [{ filter: "predefined", topicIdType: "predefined", topicId: 7, qos: predefined }]),
    ...(short === undefined ? [] : [{ filter: "s1", topicIdType: "short", topicId: 0x7331, qos: short }]),
  ]) as fc.Arbitrary<SavedSession["subscriptions"]>;

const topics = fc
  .uniqueArray(fc.tuple(topicId, name), { selector: ([id]) => id })
  .map((pairs) => [...new Map(pairs.map(([id, topic]) => [topic, id]))])
  .chain((pairs) =>
    fc.tuple(
      ...pairs.map(([topic, id]) =>
        fc.record({ id: fc.constant(id), name: fc.constant(topic), announced: fc.boolean() }),
      ),
    ),
  );

const openPublishes = fc.uniqueArray(
  fc.record({
    msgId: number16,
    packetId: fc.integer({ min: 1, max: 0xffff }),
    fingerprint: fc.option(fc.nat(), { nil: undefined }),
    released: fc.boolean(),
  }),
  { selector: ({ msgId }) => msgId, maxLength: SETTINGS.inFlightMax },
);

const session: fc.Arbitrary<SavedSession> = fc
  .record({
    clientId: fc.constant("dev1"),
    durable: fc.boolean(),
    state: fc.constantFrom("active", "asleep", "disconnected") as fc.Arbitrary<SavedSession["state"]>,
    address: fc.string(),
    wirelessNodeId: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined }),
    keepAlive: number16,
    sleepDuration: number16,
    will: fc.option(fc.record({ topic: name, payload: fc.uint8Array(), qos, retain: fc.boolean() }), {
      nil: undefined,
    }),
    topics,
    subscriptions,
    mountpoint: fc.constant(""),
    openPublishes,
    inFlight: number16,
  })
  .filter(({ durable, state }) => durable || state === "asleep");

test("A-55 what is kept of a client is the same after a restart", () => {
  fc.assert(
    fc.property(session, fc.integer({ min: 1, max: 0xfffe }), (saved, lastTopicId) => {
      const gateway = new Gateway(SETTINGS, 0);
      gateway.handle({ type: "restore", saved: { sessions: [saved], lastTopicId } }, 0);
      expect(structuredClone(gateway.savedSession("dev1"))).toEqual(saved);
    }),
    { numRuns: 500 },
  );
});

/**
 * A gateway with a few clients, which is killed now and then, and what its clients have learned of topic ids. Four restarts are a whole
 * circle of ids, so that there are fewer.
 */
class World {
  #gateway: Gateway;
  #lastTopicId: number;
  readonly #store = new Map<string, SavedSession>();
  readonly #toSave = new Set<string>();
  /** What a client was told of an id, whenever that was. */
  readonly #known = new Map<string, string>();
  #restarts = 0;

  constructor(seed: number) {
    this.#gateway = new Gateway(SETTINGS, seed);
    this.#lastTopicId = this.#gateway.lastTopicId;
  }

  connect(clientId: string, cleanSession: boolean): void {
    const connect = octets("CONNECT", { clientId, cleanSession, duration: 60_000 });
    this.#handle({ type: "datagram", from: clientId, data: connect });
  }

  says(clientId: string, data: Uint8Array): void {
    this.#handle({ type: "datagram", from: clientId, data });
  }

  /** A name of which nothing is known, for each time another one. */
  register(clientId: string, topicName: string): void {
    const data = octets("REGISTER", { topicName, msgId: 1 });
    for (const effect of this.#handle({ type: "datagram", from: clientId, data })) {
      if (effect.type !== "send") continue;
      const message = decode(effect.data);
      if (message.type !== "REGACK" || message.returnCode !== 0) continue;
      const key = `${clientId} ${message.topicId}`;
      expect(this.#known.get(key) ?? topicName, key).toBe(topicName);
      this.#known.set(key, topicName);
    }
  }

  save(): void {
    for (const clientId of this.#toSave) {
      const saved = this.#gateway.savedSession(clientId);
      if (saved === undefined) this.#store.delete(clientId);
      else this.#store.set(clientId, structuredClone(saved));
    }
    this.#toSave.clear();
    this.#lastTopicId = this.#gateway.lastTopicId;
  }

  /** Tells the gateway that something was saved. What has changed since that began is not. */
  saved(): void {
    this.#handle({ type: "saved" });
  }

  restart(): void {
    if (this.#restarts === 3) return;
    this.#restarts += 1;
    this.#toSave.clear();
    this.#gateway = new Gateway(SETTINGS, 0);
    const saved = { sessions: [...this.#store.values()], lastTopicId: this.#lastTopicId };
    this.#handle({ type: "restore", saved });
  }

  #handle(event: GatewayEvent): Effect[] {
    const effects = this.#gateway.handle(event, 0);
    for (const effect of effects) {
      if (effect.type === "save") this.#toSave.add(effect.clientId);
      else if (effect.type === "open")
        effects.push(...this.#handle({ type: "link-opened", link: effect.link, sessionPresent: true }));
      else if (effect.type === "close") this.#handle({ type: "link-closed", link: effect.link, reason: "" });
      else if (effect.type === "note") expect(effect.name).not.toBe("session.failed");
    }
    return effects;
  }
}

const client = fc.constantFrom("a", "b");
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("connect" as const), client, clean: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("register" as const), client, topic: fc.constantFrom(..."klmnopqrst") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sleep" as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disconnect" as const), client }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("save" as const, "saved" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

test("I2, T12, A-55 an id of a client never means another name to it, whatever was saved of it before the gateway was killed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xfffd }),
      fc.array(step, { minLength: 10, maxLength: 60 }),
      (seed, steps) => {
        const world = new World(seed);
        // What was begun before a `saved` is what that is about.
        let begun = false;
        for (const each of steps) {
          if (each.do === "connect") world.connect(each.client, each.clean);
          else if (each.do === "register") world.register(each.client, each.topic);
          else if (each.do === "sleep") world.says(each.client, octets("DISCONNECT", { duration: 60_000 }));
          else if (each.do === "disconnect") world.says(each.client, octets("DISCONNECT"));
          else if (each.do === "save" && !begun) {
            world.save();
            begun = true;
          } else if (each.do === "saved" && begun) {
            world.saved();
            begun = false;
          } else if (each.do === "restart") {
            world.restart();
            begun = false;
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
