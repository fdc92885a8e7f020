import { afterEach, expect, test, vi } from "vitest";
import { Log } from "../../src/app/log/log.ts";
import { LOG_EVENTS } from "../../src/app/log/log-events.ts";
import { NOTES } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { NOTE_FIELDS } from "../docs/note-fields.ts";
import { matchesInSource } from "../docs/source-text.ts";
import { fuzzRun } from "../fuzz/fuzz-run.ts";

/** As many as show nearly all notes, in a second or two. */
const SEEDS = 40;
const STEPS = 400;

const TABLE = "src/app/log/log-events.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("names are small words, of a thing and of what has happened to it, and no event has that of a note", () => {
  const names = Object.keys({ ...LOG_EVENTS, ...NOTES });
  expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  expect(Object.keys(LOG_EVENTS).filter((name) => name in NOTES)).toEqual([]);
});

test("no event is listed that nothing tells of", () => {
  const matches = matchesInSource(/"[a-z-]+\.[a-z-]+"/g).filter(
    ({ file }) => file.startsWith("src/") && file !== TABLE,
  );
  const told = new Set(matches.map(({ match }) => match.slice(1, -1)));
  expect(Object.keys(LOG_EVENTS).filter((name) => !told.has(name))).toEqual([]);
});

test("fields have no name that a line has anyway", () => {
  const fields = [...Object.values(LOG_EVENTS), ...Object.values(NOTE_FIELDS).map((names) => ({ fields: names }))];
  const own: readonly string[] = ["level", "time", "event", "msg"];
  expect(fields.flatMap((row) => row.fields.filter((name) => own.includes(name)))).toEqual([]);
});

test("an event, a level or a field that is not listed is a type error", () => {
  const log = new Log({ level: "error", format: "json", colour: false }, { write: () => {} });
  log.info("state.saved", { path: "data" });
  // @ts-expect-error There is no such event.
  log.info("state.saving", {});
  // @ts-expect-error Not at this level.
  log.warn("state.saved", { path: "data" });
  // @ts-expect-error It has no such field.
  log.info("state.saved", { folder: "data" });
  // @ts-expect-error A note of the core has a level of its own.
  log.info("client.connected", {});
});

test("the notes of the core have the fields that are listed, and no others", () => {
  const others = new Set<string>();
  const seen = new Set<string>();
  const { handle } = Gateway.prototype;
  vi.spyOn(Gateway.prototype, "handle").mockImplementation(function (this: Gateway, event, now) {
    const effects = handle.call(this, event, now);
    for (const effect of effects) {
      if (effect.type !== "note") continue;
      seen.add(effect.name);
      for (const [field, value] of Object.entries(effect.fields)) {
        const name = field === "brokerReasonCode" ? "brokerReason" : field;
        if (value !== undefined && !NOTE_FIELDS[effect.name].includes(name)) others.add(`${effect.name}: ${name}`);
      }
    }
    return effects;
  });
  for (let seed = 1; seed <= SEEDS; seed += 1) fuzzRun(seed, STEPS);
  expect([...others]).toEqual([]);
  expect(seen.size).toBeGreaterThan(30);
});
