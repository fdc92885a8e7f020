import type { GatewayEvent } from "../../src/gateway/contract.ts";
import { BrokerVersion } from "../../src/mqtt/broker-version.ts";
import { Link } from "../../src/mqtt/link.ts";
import type { LinkOptions } from "../../src/mqtt/link-options.ts";
import { LinkScheduler } from "../../src/mqtt/link-scheduler.ts";
import type { MqttVersion } from "../../src/mqtt/mqtt-version.ts";
import type { OpenBrokerStream } from "../../src/mqtt/open-broker-stream.ts";

/** Short ticks, so that tests of keep alives are short. */
const scheduler = new LinkScheduler(5);

/** A link, and what it has said so far. */
export interface LinkUnderTest {
  link: Link;
  events: GatewayEvent[];
  /** The packets among the events, those of one kind if asked for. */
  packets(cmd?: string): unknown[];
  /** What there is of these types, in order. */
  types(): string[];
}

export function openLink(
  openStream: OpenBrokerStream,
  options: Partial<Omit<LinkOptions, "version">> & {
    version?: BrokerVersion | MqttVersion;
    cleanSession?: boolean;
    will?: { topic: string; payload: Uint8Array; qos: 0 | 1 | 2; retain: boolean };
    onEvent?: (event: GatewayEvent, link: Link) => void;
  } = {},
): LinkUnderTest {
  const events: GatewayEvent[] = [];
  const { version = 4 } = options;
  const link: Link = new Link(
    7,
    { clientId: "device", cleanSession: options.cleanSession ?? true, will: options.will },
    {
      openStream,
      keepAliveSeconds: 60,
      answerTimeoutMs: 10_000,
      scheduler,
      sessionExpirySeconds: 3600,
      receiveMax: 100,
      ...options,
      version: typeof version === "number" ? new BrokerVersion(version, () => {}) : version,
    },
    (event) => {
      events.push(kept(event));
      options.onEvent?.(event, link);
    },
  );
  return {
    link,
    events,
    types: () => events.map(({ type }) => type),
    packets: (cmd) =>
      events.flatMap((event) =>
        event.type === "packet" && (cmd === undefined || event.packet.cmd === cmd) ? [event.packet] : [],
      ),
  };
}

/** The octets of a payload hold during the call only. */
function kept(event: GatewayEvent): GatewayEvent {
  if (event.type !== "packet" || event.packet.cmd !== "publish") return event;
  return { ...event, packet: { ...event.packet, payload: Buffer.from(event.packet.payload) } };
}
