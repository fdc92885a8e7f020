import type { Places } from "../place.ts";
import type { SimOptions } from "../sim-options.ts";
import type { SimulatedBroker } from "../simulated-broker.ts";
import type { ClientMemory } from "./client-memory.ts";
import type { DeliveryChecker } from "./delivery-checker.ts";
import type { Fail } from "./fail.ts";
import type { SubscriptionChecker } from "./subscription-checker.ts";

/** What a witness has to know of the world. */
export interface WitnessSurroundings {
  /** Whose life is watched. */
  readonly gateway: string;
  readonly options: SimOptions;
  readonly places: Places;
  readonly deliveries: DeliveryChecker;
  readonly broker: SimulatedBroker;
  readonly subscriptions: SubscriptionChecker;
  readonly memoryOf: (clientId: string) => ClientMemory;
  readonly fail: Fail;
}
