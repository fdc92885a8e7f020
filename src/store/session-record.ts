import { z } from "zod";
import type { SavedSession } from "../gateway/saved-session.ts";
import { readRecord, writeRecord } from "./record.ts";

const octets = z.base64().transform((text): Uint8Array => Buffer.from(text, "base64"));
const qos = z.literal([0, 1, 2]);
const number16 = z.int().min(0).max(0xffff);

/** JSON has no undefined. */
function orNothing<T extends z.ZodType>(schema: T) {
  return schema.nullable().transform((value) => value ?? undefined);
}

const SCHEMA = z.object({
  clientId: z.string().min(1),
  durable: z.boolean(),
  state: z.enum(["active", "asleep", "disconnected"]),
  address: z.string(),
  wirelessNodeId: orNothing(octets),
  keepAlive: number16,
  sleepDuration: number16,
  will: orNothing(z.object({ topic: z.string(), payload: octets, qos, retain: z.boolean() })),
  topics: z.array(z.object({ id: number16, name: z.string(), announced: z.boolean() })),
  subscriptions: z.array(
    z.object({
      filter: z.string(),
      topicIdType: z.enum(["normal", "predefined", "short"]),
      topicId: number16,
      qos,
    }),
  ),
  mountpoint: z.string().default(""),
  openPublishes: z.array(
    z.object({ msgId: number16, packetId: number16, fingerprint: orNothing(z.number()), released: z.boolean() }),
  ),
  inFlight: number16,
});

/** A session as it stands in the store. Octets are base64, and what there is not is null. */
export function writeSession(session: SavedSession): string {
  const { wirelessNodeId, will, openPublishes } = session;
  return writeRecord({
    ...session,
    wirelessNodeId: wirelessNodeId === undefined ? null : base64(wirelessNodeId),
    will: will === undefined ? null : { ...will, payload: base64(will.payload) },
    openPublishes: openPublishes.map((publish) => ({ ...publish, fingerprint: publish.fingerprint ?? null })),
  });
}

/** The session that was written, in full or not at all: throws an Error that says why not. */
export function readSession(text: string): SavedSession {
  const { success, data, error } = SCHEMA.safeParse(readRecord(text));
  if (success) return data;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  throw new Error(`${path.join(".") || "it"}: ${message}`);
}

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}
