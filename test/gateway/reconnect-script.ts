import { expect } from "vitest";
import { Script } from "./script.ts";

export const DURABLE = { cleanSession: false };
export const WAKE = { clientId: "dev1" };

/** An active client, subscribed to "a" with topic id 1 at QoS 2. */
export function active(fields: Record<string, unknown> = DURABLE, settings = {}): Script {
  const s = new Script({ discovery: false, ...settings }).connect({ duration: 3600, ...fields });
  expect(s.subscribe("a", 2)).toBe(1);
  return s;
}

/** The same, asleep. */
export function asleep(fields: Record<string, unknown> = DURABLE, settings = {}): Script {
  return active(fields, settings).sleep(3600);
}

/** The connection breaks, and the next attempt begins. */
export function reopened(s: Script, fields: Record<string, unknown> = { cleanSession: false }): Script {
  return s.gone().nothing().after(2000).opens(fields);
}

/** The broker still has the session. */
export function back(s: Script): Script {
  return reopened(s).accepts(true);
}

/** The broker has lost the session, and gets its subscription again. */
export function backWithout(s: Script, fields = { cleanSession: false }): Script {
  reopened(s, fields).accepts(false);
  s.toBroker("subscribe", { messageId: 65_535, subscriptions: [{ topic: "a", qos: 2 }] });
  return s.broker("suback", { messageId: 65_535, granted: [2] });
}

/** The broker has answered a probe. */
export function probed(s: Script): Script {
  return s.event({ type: "link-probed", link: s.link });
}
