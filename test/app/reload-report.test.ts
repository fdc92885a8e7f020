import { expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";
import { reloadPlan } from "../../src/app/configuration/reload-plan.ts";
import { Log } from "../../src/app/log/log.ts";
import { reportReload } from "../../src/app/log/reload-report.ts";

type Flags = Partial<Record<OptionKey, string>>;

function valuesOf(flags: Flags) {
  const entries = Object.entries(flags) as [OptionKey, string][];
  const configuration = loadConfiguration({ flags: new Map(entries), environment: {} });
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

/** What is told at the level of warnings. */
function warningsOf(before: Flags, after: Flags): string[] {
  const lines: string[] = [];
  const log = new Log({ level: "warn", format: "json", colour: false }, { write: (line) => void lines.push(line) });
  reportReload(log, reloadPlan(valuesOf(before), valuesOf(after)));
  return lines.map((line) => {
    const { event, msg } = JSON.parse(line);
    return `${event}: ${msg}`;
  });
}

const DENY = "reload.rules-gone: clients.deny has no rules any more: nobody is denied";
const ALLOW = "reload.rules-gone: clients.allow has no rules any more: whoever is not denied may connect";

test.each<[string, Flags, Flags, string[]]>([
  ["clients.deny has become empty", { "clients.deny": "a" }, {}, [DENY]],
  ["clients.allow has become empty", { "clients.allow": "a" }, { "clients.deny": "b" }, [ALLOW]],
  ["both have", { "clients.allow": "a", "clients.deny": "b" }, {}, [ALLOW, DENY]],
  ["nothing where they have other rules", { "clients.deny": "a" }, { "clients.deny": "b" }, []],
  ["nothing where they were empty before", {}, { "clients.max": "7" }, []],
])("a reload warns: %s", (_what, before, after, warnings) => {
  expect(warningsOf(before, after)).toEqual(warnings);
});
