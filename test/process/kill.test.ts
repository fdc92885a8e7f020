import { expect, onTestFinished, test } from "vitest";
import { Mosquitto } from "../interop/mosquitto.ts";
import { reportText } from "../kill/kill-report.ts";
import { KillWorld } from "../kill/kill-world.ts";

// What `npm run kill` says; without it a run is short.
const { KILL_COUNT, KILL_SEED, KILL_GROUPS, KILL_STATE, KILL_LOG } = process.env;
const kills = Number(KILL_COUNT || 10);
const seed = Number(KILL_SEED || Math.floor(Math.random() * 1_000_000));

test.skipIf(!Mosquitto.isInstalled && process.env.REQUIRE_MOSQUITTO !== "1")(
  "field 5, T12, Z7 killed at any moment: nothing acknowledged is lost, no QoS 2 message comes twice, topic ids stay what they were, and sleepers notice nothing",
  async () => {
    const mosquitto = await Mosquitto.start(onTestFinished, { persistence: true });
    const options = {
      seed,
      kills,
      killsPerBrokerRestart: 9,
      groups: Number(KILL_GROUPS || 1),
      keepsState: KILL_STATE !== "memory:",
      logFile: KILL_LOG || undefined,
    };
    const report = await KillWorld.run(options, mosquitto, onTestFinished);
    console.log(reportText(report));
    expect(report.violations, reportText(report)).toEqual([]);
    expect(report.kills).toBe(kills);
    // A world in which nothing happens would find nothing.
    for (const { tally } of report.messages) expect(tally.accepted).toBeGreaterThan(2 * kills);
    expect(report.wakeUps.answered).toBeGreaterThan(kills);
  },
  60_000 + kills * 10_000,
);
