import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Gateway } from "../../src/gateway/gateway.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import { Sensor } from "../process/sensor.ts";
import { drawOptions } from "../sim/sim-options.ts";
import { SimulatedWorld } from "../sim/simulated-world.ts";
import { ARBITRARY_MESSAGES } from "../sn/arbitrary-message.ts";
import { octets } from "../sn/octets.ts";
import { VECTORS } from "../sn/vectors.ts";
import { comparable, expectedDissection, isKnownToTshark } from "./expected-dissection.ts";
import { Site } from "./site.ts";
import { type Dissection, tshark } from "./tshark.ts";
import { UdpDevice } from "./udp-device.ts";
import { UdpTap } from "./udp-tap.ts";

const SEED = 20_131_114;
/** Of each message type. */
const RUNS = 60;
/** What the gateway says in them. */
const WORLDS_DATAGRAMS = 3000;

const NAMES = Object.keys(MSG_TYPE) as MessageName[];
const isInstalled = tshark.isInstalled;
let count = 0;

/** A test that needs tshark. */
function tsharkTest(name: string, run: () => Promise<void>): void {
  count += 1;
  test.skipIf(!isInstalled)(name, run);
}

/** tshark takes every datagram that we take, and finds the same in it. Returns how many were compared. */
async function expectSameReading(
  datagrams: readonly Uint8Array[],
  dissecting = tshark.dissect(datagrams),
): Promise<number> {
  let compared = 0;
  const dissections = await dissecting;
  expect(dissections).toHaveLength(datagrams.length);
  for (const [index, { messages, isMalformed }] of dissections.entries()) {
    const datagram = datagrams[index]!;
    const message = decode(datagram);
    const hex = Buffer.from(datagram).toString("hex");
    if (message.type === "malformed") continue;
    if (!isKnownToTshark(message)) continue;
    const expected = expectedDissection(datagram);
    expect(isMalformed, `${hex} is malformed to tshark, and ${JSON.stringify(message)} to us`).toBe(false);
    expect(comparable(messages, expected), hex).toEqual(comparable(expected as never, expected));
    compared += 1;
  }
  return compared;
}

/** Messages of this type, always the same ones. */
function sample(name: MessageName): Uint8Array[] {
  return fc.sample(ARBITRARY_MESSAGES[name], { seed: SEED, numRuns: RUNS }).map((message) => {
    // `encode` writes into one buffer.
    return Uint8Array.from(encode(message));
  });
}

/** What tshark reads in the samples of all types: one run of it, since its start takes longer than the rest. */
let samplesRead: Promise<Dissection[]> | undefined;

async function sampleRead(name: MessageName): Promise<Dissection[]> {
  samplesRead ??= tshark.dissect(NAMES.flatMap(sample));
  const start = NAMES.indexOf(name) * RUNS;
  return (await samplesRead).slice(start, start + RUNS);
}

/** Each datagram with an octet changed, and cut off where the one after it says. */
function damaged(datagrams: readonly Uint8Array[]): Uint8Array[] {
  return datagrams.flatMap((datagram, index) => {
    const changed = Uint8Array.from(datagram);
    changed[(index * 7) % changed.length]! ^= 1 << (index % 8);
    const cut = datagram.slice(0, 2 + ((index * 5) % Math.min(datagram.length, 12)));
    // A Length that fits what is left, so that the fields are what is missing.
    if (cut[0] !== 1 && cut[1] !== MSG_TYPE.ENCAPSULATED) cut[0] = cut.length;
    return [changed, cut];
  });
}

describe("Wireshark reads what we read", () => {
  tsharkTest("in the vectors of appendix A", async () => {
    const datagrams = VECTORS.map(({ hex }) => octets(hex));
    // All but the two that delete a will.
    expect(await expectSameReading(datagrams)).toBe(VECTORS.length - 2);
  });

  for (const name of NAMES) {
    tsharkTest(`in ${RUNS} messages ${name}`, async () => {
      const datagrams = sample(name);
      const known = datagrams.filter((datagram) => isKnownToTshark(decode(datagram) as Message));
      expect(await expectSameReading(datagrams, sampleRead(name))).toBe(known.length);
      expect(known.length).toBeGreaterThan(0);
    });
  }

  tsharkTest(
    "E1 E2 in the same vectors in envelopes of a forwarder, with node ids of one octet and of two",
    async () => {
      const inner = VECTORS.map(({ hex }) => octets(hex)).filter((data) => decode(data).type !== "ENCAPSULATED");
      const datagrams = inner.map((data, index) => {
        const wirelessNodeId = index % 2 === 0 ? Uint8Array.of(index) : Uint8Array.of(index, 255 - index);
        return Uint8Array.from(encode({ type: "ENCAPSULATED", radius: index % 4, wirelessNodeId, data }));
      });
      expect(await expectSameReading(datagrams)).toBe(inner.length - 2);
    },
  );

  tsharkTest("in damaged messages that we take, and we take none that has too few octets for it", async () => {
    const datagrams = damaged(NAMES.flatMap(sample));
    expect(await expectSameReading(datagrams)).toBeGreaterThan(RUNS);
  });

  tsharkTest("in all that passes a gateway in simulated worlds", async () => {
    const heard: Uint8Array[] = [];
    const said: Uint8Array[] = [];
    const { handle } = Gateway.prototype;
    vi.spyOn(Gateway.prototype, "handle").mockImplementation(function (this: Gateway, event, now) {
      if (event.type === "datagram") heard.push(Uint8Array.from(event.data));
      const effects = handle.call(this, event, now);
      for (const effect of effects) {
        if (effect.type === "send" || effect.type === "broadcast") said.push(Uint8Array.from(effect.data));
      }
      return effects;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    for (let seed = SEED; said.length < WORLDS_DATAGRAMS; seed += 1) new SimulatedWorld(drawOptions(seed)).run();
    const known = said.filter((datagram) => isKnownToTshark(decode(datagram) as Message));
    expect(await expectSameReading(said)).toBe(known.length);
    expect(known.length).toBeGreaterThan(said.length / 2);
    // Much of it is junk.
    expect(await expectSameReading(heard)).toBeGreaterThan(heard.length / 2);
  });

  tsharkTest("in all that a device and a gateway say to each other", async () => {
    const site = await Site.start("embedded:", []);
    const tap = await UdpTap.before(site.gateway);
    const will = { willTopic: "tap/will", willMsg: Buffer.from("gone"), qos: 1 as const, retain: true };
    const device = new UdpDevice(tap.place, "tapped", { will });
    await device.connect();
    await device.subscribe("tap/+", 2);
    const peer = await site.mqttPeer();
    for (const qos of [0, 1, 2] as const) {
      await device.publish("tap/up", `up ${qos}`, qos);
      await peer.publish("tap/down", "x".repeat(400 * qos), qos);
    }
    await expect.poll(() => device.received.length, { timeout: 10_000 }).toBe(6);
    await device.sleep(60);
    await peer.publish("tap/down", "while it sleeps", 1);
    await expect
      .poll(
        async () => {
          await device.wake();
          return device.received.length;
        },
        { timeout: 10_000 },
      )
      .toBe(7);
    await device.connect();
    await device.unsubscribe("tap/+");
    await device.disconnect();
    expect(await expectSameReading(tap.datagrams)).toBe(tap.datagrams.length);
    const seen = new Set(tap.datagrams.map((datagram) => decode(datagram).type));
    expect([...seen].sort()).toEqual(
      [
        ["CONNECT", "WILLTOPICREQ", "WILLTOPIC", "WILLMSGREQ", "WILLMSG", "CONNACK", "REGISTER", "REGACK", "PUBLISH"],
        ["PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK"],
        ["PINGREQ", "PINGRESP", "DISCONNECT"],
      ]
        .flat()
        .sort(),
    );
  });

  tsharkTest("in discovery, updates of a will and a forwarder's envelopes as they come over the wire", async () => {
    const site = await Site.start("embedded:", []);
    const tap = await UdpTap.before(site.gateway);
    const sensor = new Sensor(tap.place.port);
    sensor.send({ type: "SEARCHGW", radius: 1 });
    await sensor.message("GWINFO");
    sensor.connect("searcher");
    await sensor.message("CONNACK");
    sensor.send({ type: "WILLTOPICUPD", empty: false, qos: 1, retain: false, willTopic: "tap/will" });
    await sensor.message("WILLTOPICRESP");
    sensor.send({ type: "WILLMSGUPD", willMsg: Buffer.from("gone") });
    await sensor.message("WILLMSGRESP");
    const data = Uint8Array.from(encode({ type: "PINGREQ", clientId: "nobody" }));
    sensor.send({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Uint8Array.of(0, 42), data });
    await sensor.message("ENCAPSULATED");
    expect(await expectSameReading(tap.datagrams)).toBe(10);
  });
});

// Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
test.skipIf(isInstalled)("without tshark these tests are skipped, unless REQUIRE_TSHARK=1", () => {
  const line = `tshark is not installed: ${count} tests of the codec against Wireshark skipped`;
  console.warn(`${line} (test/interop/tshark.test.ts; on Debian: apt-get install tshark)`);
  expect(process.env.REQUIRE_TSHARK === "1", `${line}, and REQUIRE_TSHARK=1 says that they must run`).toBe(false);
});
