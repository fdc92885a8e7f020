import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AtEnd } from "../process/gateway-process.ts";

/** The predefined topic of the cases. */
export const PREDEFINED = { id: 7, topic: "predefined/seven" } as const;

/** Writes a configuration file with it, and returns the flags that name the file. */
export function predefinedTopicFlags(atEnd: AtEnd): string[] {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, `topics:\n  predefined:\n    - { id: ${PREDEFINED.id}, topic: ${PREDEFINED.topic} }\n`);
  return ["--config", file];
}
