import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import { OPTIONS } from "../../src/app/configuration/options.ts";
import { BridgeSite } from "./bridge-site.ts";

const PAGE = readFileSync(new URL("../../docs/bus.md", import.meta.url), "utf8");

/** The first example in this language below this heading. */
function example(heading: string, language: string): string {
  const section = PAGE.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(section ?? "")![1]!;
}

/** `clients.active number` and so on, in order. */
function shape(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${path} ${Array.isArray(value) ? "list" : typeof value}`];
  }
  return Object.entries(value).flatMap(([key, each]) => shape(each, path === "" ? key : `${path}.${key}`));
}

test.each(["info", "health"])("docs/bus.md shows bridge/%s as it is", (name) => {
  const site = new BridgeSite();
  site.bridge.reachable();
  const told = site.content(`mqttsn/bridge/${name}`);
  expect(shape(JSON.parse(example(`bridge/${name}`, "json")))).toEqual(shape(told));
});

test("docs/bus.md names every option of it, with its default", () => {
  const [first] = [...PAGE.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => parse(text!).bridge);
  const keys = OPTION_KEYS.filter((key) => key.startsWith("bridge."));
  expect(first).toEqual(Object.fromEntries(keys.map((key) => [key.slice("bridge.".length), OPTIONS[key].default])));
});

test("docs/bus.md has Home Assistant look where the availability is told", () => {
  const [sensor] = parse(example("Home Assistant", "yaml")).mqtt.sensor;
  const topics = sensor.availability.map(({ topic }: { topic: string }) => topic);
  expect(sensor.availability_mode).toBe("all");
  expect(topics).toEqual(["mqttsn/bridge/state", "mqttsn/hall-door/availability"]);
});
