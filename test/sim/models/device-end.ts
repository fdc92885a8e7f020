import type { DeviceEffect, DeviceEvent, Instant } from "../../../src/device/contract.ts";
import type { DeviceState } from "../../../src/device/device.ts";

/** What the simulation needs of a device, whoever wrote it. */
export interface DeviceEnd {
  readonly state: DeviceState;
  /** To whom it speaks; undefined where it was told of none. */
  readonly gateway: string | undefined;
  readonly deadline: Instant;
  handle(event: DeviceEvent, now: Instant): DeviceEffect[];
}
