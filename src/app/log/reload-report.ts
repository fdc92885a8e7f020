import type { ReloadPlan } from "../configuration/reload-plan.ts";
import type { Log } from "./log.ts";

/** What it means that there is no rule any more: perhaps a file was read that was half written. */
const RULES_GONE = {
  "clients.allow": "clients.allow has no rules any more: whoever is not denied may connect",
  "clients.deny": "clients.deny has no rules any more: nobody is denied",
} as const;

/** Tells what a reload has taken over, and what needs a restart. Values are not told: they may be secrets. */
export function reportReload(log: Log, { values, changed, needRestart }: ReloadPlan): void {
  const nothing = needRestart.length === 0 ? "nothing has changed" : "nothing that could be taken over has changed";
  const done = changed.length === 0 ? nothing : `these hold from now on: ${changed.join(", ")}`;
  log.info("reload.done", { changed: changed.join(" ") }, `the configuration was read again; ${done}`);
  for (const key of ["clients.allow", "clients.deny"] as const) {
    if (changed.includes(key) && values[key].length === 0) log.warn("reload.rules-gone", { key }, RULES_GONE[key]);
  }
  if (needRestart.length === 0) return;
  const keys = needRestart.join(", ");
  log.warn(
    "reload.restart-needed",
    { keys: needRestart.join(" ") },
    `only a restart takes over what has changed of ${keys}`,
  );
}

/** Tells that a reload has changed nothing, for this is wrong. */
export function reportFailedReload(log: Log, problems: readonly string[]): void {
  const message = `the configuration is wrong, and all goes on as it was:\n${problems.join("\n")}`;
  log.error("reload.failed", { problems: problems.join("\n") }, message);
}
