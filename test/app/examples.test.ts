import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../src/app/configuration/config-schema.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const CERTIFICATES = fileURLToPath(new URL("../certificates", import.meta.url));

/** What fits on a screen, with its prompt. */
const LINES_MAX = 40;

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

cpSync(EXAMPLES, folder, { recursive: true });

/** What the examples name and do not bring along, as a user would put it beside them. */
const BROUGHT = {
  "ca.pem": readFileSync(join(CERTIFICATES, "ca.pem")),
  "client.pem": readFileSync(join(CERTIFICATES, "client.pem")),
  "client.key": readFileSync(join(CERTIFICATES, "client.key")),
  "hub.key": "dGhlIGtleSBvZiBhIHBvbGljeSwgMzIgb2N0ZXRzISE=\n",
  "http.token": "0123456789abcdef0123456789abcdef0123456789abcdef\n",
  "broker.password": "a password\n",
  "gateway.password": "a password\n",
  "kitchen.password": "a password\n",
  "meters.password": "a password\n",
};

const NAMES = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
const validate = new Ajv2020({ allowUnionTypes: true }).compile(configSchema());

function check(name: string) {
  return loadConfiguration({ flags: new Map(), configFlag: join(folder, name), environment: {} });
}

describe("examples", () => {
  test("name a missing file with line, column and key, and nothing else is wrong with them", () => {
    const problems = NAMES.map(check).flatMap((configuration) => (configuration.ok ? [] : configuration.problems));
    const missing = problems.map((problem) =>
      /:\d+:\d+: [\w.[\]]+: cannot read "(.*)": there is no such file$/.exec(problem),
    );
    expect(problems.filter((_problem, index) => missing[index] === null)).toEqual([]);
    const named = new Set(missing.map((match) => match![1]!.slice(folder.length + 1)));
    // Certificates are read only where all else is right.
    expect(Object.keys(BROUGHT)).toEqual(expect.arrayContaining([...named]));
    expect(named.size).toBeGreaterThan(3);
  });

  describe.each(NAMES)("%s", (name) => {
    const text = readFileSync(join(EXAMPLES, name), "utf8");

    test("is right, without a warning, with the files that it names", () => {
      for (const [file, content] of Object.entries(BROUGHT))
        writeFileSync(join(folder, file), content, { mode: 0o600 });
      expect(check(name)).toMatchObject({ ok: true, warnings: [] });
    });

    test("is right for an editor", () => {
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    });

    test("fits on a screen, says at its beginning what it is for, and is in the list", () => {
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(LINES_MAX);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(130);
      expect(text).toMatch(/^# [A-Z]/);
      expect(readFileSync(join(EXAMPLES, "README.md"), "utf8")).toContain(`[${name}](${name})`);
    });
  });
});
