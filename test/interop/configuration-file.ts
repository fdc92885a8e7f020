import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { AtEnd } from "../process/gateway-process.ts";
import type { GatewayOptions } from "./target.ts";

/** Writes these options into a file, and returns its name. It is removed where `atEnd` says. */
export function configurationFile(options: GatewayOptions, atEnd: AtEnd): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const sections: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of Object.entries(options)) {
    const [section, name] = key.split(".") as [string, string];
    sections[section] = { ...sections[section], [name]: value };
  }
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, stringify(sections));
  return file;
}
