import type { DeviceSettings } from "../device/settings.ts";
import type { HostPort } from "./configuration/host-port.ts";
import { DeviceHost } from "./device/device-host.ts";
import { within } from "./within.ts";

/** Clients that connect at once. */
const CONNECTING_MAX = 100;

/**
 * Has the gateway and its broker forget what they keep for these clients: each connects with CleanSession, and leaves. False where
 * not every one could in `boundMs`.
 */
export async function forgetSessions(gateway: HostPort, clients: DeviceSettings[], boundMs: number): Promise<boolean> {
  const host = await DeviceHost.open({ gateway, loss: 0, seed: 0 });
  const waiting = clients.values();
  let forgotten = 0;
  let isOver = false;
  const work = Array.from({ length: CONNECTING_MAX }, async () => {
    for (const settings of waiting) {
      if (isOver) return;
      if (await forgetSession(host, settings)) forgotten += 1;
    }
  });
  const isUnreachable = new Promise<void>((resolve) => {
    host.onUnreachable = resolve;
  });
  await within(Promise.race([Promise.all(work), isUnreachable]), boundMs);
  isOver = true;
  host.close();
  return forgotten === clients.length;
}

/** Whether the gateway accepted the clean session. */
async function forgetSession(host: DeviceHost, settings: DeviceSettings): Promise<boolean> {
  let isForgotten = false;
  let onLeft = () => {};
  const hasLeft = new Promise<void>((resolve) => {
    onLeft = resolve;
  });
  const hosted = await host.add({ ...settings, cleanSession: true, reconnect: false }, 0, (outcome) => {
    if (outcome.type === "connected") isForgotten = true;
    if (outcome.type === "disconnected") onLeft();
  });
  hosted.handle({ type: "connect" });
  hosted.handle({ type: "disconnect" });
  await hasLeft;
  hosted.close();
  return isForgotten;
}
