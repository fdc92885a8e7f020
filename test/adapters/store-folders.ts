import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ClassicLevel } from "classic-level";
import { expect, onTestFinished } from "vitest";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { type OpenedStore, SessionStore } from "../../src/store/session-store.ts";
import { StoreError } from "../../src/store/store-error.ts";

export const SLEEPER: SavedSession = {
  clientId: "sleeper",
  durable: true,
  state: "asleep",
  address: "10.0.0.7:4711",
  wirelessNodeId: Uint8Array.of(0, 255, 7),
  keepAlive: 60,
  sleepDuration: 64_800,
  // A part of a larger one, as what was cut out of a datagram is.
  will: { topic: "wills/ü", payload: Uint8Array.of(1, 0x80, 0, 0xff, 2).subarray(1, 4), qos: 2, retain: true },
  topics: [
    { id: 1, name: "a", announced: true },
    { id: 65_534, name: "b/\u{1f600}", announced: false },
  ],
  subscriptions: [
    { filter: "b/#", topicIdType: "normal", topicId: 0, qos: 1 },
    { filter: "xy", topicIdType: "short", topicId: 0x7879, qos: 0 },
  ],
  mountpoint: "site/",
  openPublishes: [
    { msgId: 7, packetId: 7, fingerprint: 123_456_789, released: false },
    { msgId: 0, packetId: 65_535, fingerprint: undefined, released: true },
  ],
  inFlight: 9,
};

/** A session with nothing in it. */
export const bare = (clientId: string): SavedSession => ({
  ...SLEEPER,
  clientId,
  wirelessNodeId: undefined,
  will: undefined,
  topics: [],
  subscriptions: [],
  openPublishes: [],
});

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-store-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function open(path: string): Promise<OpenedStore> {
  const opened = await SessionStore.open(path);
  onTestFinished(() => opened.store.close());
  return opened;
}

/** Makes a store in which these sessions are. Returns its folder. */
export async function madeOf(...sessions: SavedSession[]): Promise<string> {
  const path = folder();
  // Opened twice, so that there are a table and a log.
  for (const half of [sessions.slice(0, 1), sessions.slice(1)]) {
    const { store } = await SessionStore.open(path);
    await write(store, half);
    await store.close();
  }
  return path;
}

export async function write(store: SessionStore, sessions: readonly SavedSession[], lastTopicId = 77): Promise<void> {
  const batch = await store.batch();
  for (const session of sessions) batch.set(session.clientId, session);
  await batch.write(lastTopicId, true);
}

export const filesOf = (path: string, name: RegExp): string[] =>
  readdirSync(join(path, "sessions"))
    .filter((file) => name.test(file))
    .map((file) => join(path, "sessions", file));

/** Changes what is in the store behind its back. */
export async function tamper(path: string, change: (db: ClassicLevel) => Promise<void>): Promise<void> {
  const db = new ClassicLevel(join(path, "sessions"));
  await change(db);
  await db.close();
}

export async function failure(opening: Promise<unknown>): Promise<StoreError> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

/** A record as the store writes it. */
export function checked(json: string): string {
  return crc32(json).toString(16).padStart(8, "0") + json;
}
