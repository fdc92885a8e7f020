import type { MqttQoS } from "../src/gateway/packet.ts";

/** Nodes publish to the broker, the broker's messages are delivered to nodes, or nodes connect and nothing else. */
export type Mode = { kind: "publish" | "deliver"; qos: MqttQoS } | { kind: "connect" };

/** What the load generator is asked to do; sent to it as its first message. */
export interface Job {
  mode: Mode;
  nodes: number;
  warmUpMs: number;
  measureMs: number;
  gatewayPort: number;
  gatewayPid: number;
  brokerPort: number;
  brokerPid: number;
}

/** CPU time of the three processes over one interval, in microseconds. */
export interface CpuTimes {
  gatewayUs: number;
  brokerUs: number;
  generatorUs: number;
}

export interface LoadResult {
  kind: "load";
  /** Messages that went the whole way within the measured interval. */
  messages: number;
  elapsedMs: number;
  cpu: CpuTimes;
  /** Messages that did not arrive, or were not acknowledged, within the time allowed; over the warm-up too. */
  lost: number;
  /** Messages and answers that nothing waited for (any more). */
  strays: number;
}

export interface ConnectResult {
  kind: "connect";
  elapsedMs: number;
  cpu: CpuTimes;
  /** CONNECTs that were sent again for want of an answer. */
  repeated: number;
  gatewayOctetsPerClient: number;
  brokerOctetsPerClient: number;
}

export type Result = LoadResult | ConnectResult;

/** What the load generator answers. */
export type Outcome = { ok: true; result: Result } | { ok: false; reason: string };
