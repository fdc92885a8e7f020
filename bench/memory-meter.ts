import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { residentOctets } from "./process-figures.ts";

/** By how much the resident memory of gateway and broker grows from its making on. */
export class MemoryMeter {
  readonly #job: Job;
  readonly #gatewayOctets: number;
  readonly #brokerOctets: number;

  constructor(job: Job) {
    this.#job = job;
    this.#gatewayOctets = residentOctets(job.gatewayPids);
    this.#brokerOctets = residentOctets(job.brokerPids);
  }

  /** For each of `clients` that have come since. */
  figures(clients: number) {
    const gatewayOctets = residentOctets(this.#job.gatewayPids);
    return {
      gatewayMib: gatewayOctets / 2 ** 20,
      gatewayKibPerClient: (gatewayOctets - this.#gatewayOctets) / 1024 / clients,
      brokerKibPerClient: (residentOctets(this.#job.brokerPids) - this.#brokerOctets) / 1024 / clients,
    } satisfies Figures;
  }
}
