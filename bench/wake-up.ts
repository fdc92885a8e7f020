import { setTimeout as delay } from "node:timers/promises";
import { MSG_TYPE } from "../src/sn/msg-type.ts";
import { BrokerPeer } from "./broker-peer.ts";
import type { Figures } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import type { Job } from "./job.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { Meter } from "./meter.ts";
import { Nodes, topicOf } from "./nodes.ts";
import { DATA_OFFSET } from "./publish-datagram.ts";

const MESSAGES_EACH = 10;

const PAYLOAD_OCTETS = 32;

/** PUBLISHes that may wait for the broker's acknowledgement while the messages are made. */
const UNACKNOWLEDGED_MAX = 500;

/** For the last messages to come to the gateway, and for what is delivered too often to come to the nodes. */
const SETTLE_MS = 1500;

/**
 * Messages of QoS 1 are published for nodes that sleep; then all wake up, 128 at a time, and get them before PINGRESP.
 */
export async function measureWakeUp(job: Job): Promise<Figures> {
  const count = job.nodes;
  const received = new Uint8Array(count * MESSAGES_EACH);
  const puback = Buffer.from([7, MSG_TYPE.PUBACK, 0, 0, 0, 0, 0]);
  let strays = 0;
  const nodes = await Nodes.open(count, job.gatewayPort, (node, datagram) => {
    if (datagram[1] !== MSG_TYPE.PUBLISH) {
      strays += 1;
      return;
    }
    const answer = Buffer.from(puback);
    datagram.copy(answer, 2, 3, DATA_OFFSET);
    nodes.send(node, answer);
    const message = datagram.readUInt32BE(DATA_OFFSET);
    if (Math.floor(message / MESSAGES_EACH) === node) received[message]! += 1;
    else strays += 1;
  });
  await nodes.connect(count);
  await nodes.subscribe(count, 1);
  await nodes.sleep(count);
  const memory = new MemoryMeter(job);
  await publishAll(job, count * MESSAGES_EACH);
  await delay(SETTLE_MS);
  if (received.some((times) => times > 0)) throw new Error("a sleeping node was sent a message");
  const { gatewayMib, gatewayKibPerClient } = memory.figures(count);

  const repeatedBefore = nodes.repeated;
  const latency = new Histogram();
  const meter = new Meter(job);
  await nodes.wake(count, latency);
  const figures = meter.figures(received.length);
  await delay(SETTLE_MS);
  return {
    ...figures,
    p50Us: latency.quantileUs(0.5),
    p99Us: latency.quantileUs(0.99),
    gatewayMib,
    gatewayKibPerClient,
    lost: received.reduce((sum, times) => sum + (times === 0 ? 1 : 0), 0),
    duplicates: received.reduce((sum, times) => sum + Math.max(0, times - 1), 0),
    strays,
    repeated: nodes.repeated - repeatedBefore,
  };
}

/** Publishes the messages, first one for each node, then the next; resolves when the broker has acknowledged all. */
async function publishAll(job: Job, messages: number): Promise<void> {
  const peer = await BrokerPeer.connect(job.brokerPort, () => undefined);
  const topics = Array.from({ length: job.nodes }, (_, node) => Buffer.from(topicOf(node)));
  const payload = Buffer.alloc(PAYLOAD_OCTETS, "x");
  let published = 0;
  await new Promise<void>((resolve) => {
    const more = (): void => {
      if (peer.acknowledged === messages) resolve();
      while (published < messages && published - peer.acknowledged < UNACKNOWLEDGED_MAX) {
        const node = published % job.nodes;
        payload.writeUInt32BE(node * MESSAGES_EACH + Math.floor(published / job.nodes));
        peer.publish(topics[node]!, payload, 1);
        published += 1;
      }
    };
    peer.onAcknowledged = more;
    more();
  });
  peer.close();
}
