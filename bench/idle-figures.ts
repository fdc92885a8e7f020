import type { FleetTimes } from "./fleet.ts";
import type { Machine } from "./machine.ts";

/** What the gateway's process, and the broker's, used over a time. */
export interface Usage {
  seconds: number;
  gatewayCpuSeconds: number;
  /** 0 with the broker inside the gateway. */
  brokerCpuSeconds: number;
  /** The longest time until a client that pings all the time had its PINGRESP, in ms: the gateway did something else. */
  longestMs: number;
}

/** What a process holds. */
export interface Holding {
  mib: number;
  files: number;
}

/** Many clients that sleep, in one gateway, and what they cost. */
export interface IdleFigures {
  machine: Machine;
  clients: number;
  broker: "mosquitto" | "embedded";
  /** `broker.max_reconnect_rate`. */
  reconnectRate: number;
  gatewayAtRest: Holding;
  brokerAtRest: Holding | undefined;
  /** All connect, subscribe to one topic, and fall asleep. */
  connecting: Usage & FleetTimes;
  /** While the gateway tells the broker of each. */
  telling: Usage;
  /** When nothing happens any more. */
  idle: Usage;
  gatewayWithClients: Holding;
  brokerWithClients: Holding | undefined;
  /** For each client, above what was there before. */
  gatewayKibPerClient: number;
  brokerKibPerClient: number;
  /** Octets of the folder with the state, and what was written to it, for each client. */
  storeOctetsPerClient: number;
  writtenOctetsPerClient: number;
  /** Wake-ups one after the other, and of all, 128 at a time. */
  wakeUp: FleetTimes;
  wakeAll: Usage & FleetTimes;
  /** From SIGTERM to the end of the process. */
  stopSeconds: number;
  /** Until the first sleeper has its PINGRESP after the process was started again. */
  firstAnswerSeconds: number;
  /** Until every connection to the broker is there again. */
  restart: Usage;
  wakeAfterRestart: FleetTimes;
  gatewayAfterRestart: Holding;
}
