import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";

const TOKEN = "a-token-of-24-characters";

function problemsOf(said: Partial<Record<OptionKey, string>>): string[] {
  const flags = new Map(Object.entries(said) as [OptionKey, string][]);
  const configuration = loadConfiguration({ flags, environment: {} });
  return configuration.ok ? [] : configuration.problems;
}

function tokenFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-token-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "token"), text, { mode: 0o600 });
  return join(folder, "token");
}

describe("http.listen", () => {
  test.each([
    "127.0.0.1:9884",
    "127.1.2.3:1",
    "localhost:9884",
    "[::1]:9884",
    "[0:0:0:0:0:0:0:1]:0",
    "[::ffff:127.0.0.1]:0",
    "",
  ])("%j is reached from this machine alone, and needs no token", (place) => {
    expect(problemsOf({ "http.listen": place })).toEqual([]);
  });

  test.each([
    "0.0.0.0:9884",
    "[::]:9884",
    "192.168.1.2:9884",
    "[fd00::1]:9884",
    "128.0.0.1:1",
    "gateway.example:9884",
    "127.example:1",
    "[::127.0.0.1]:1",
  ])("%j can be reached by others: there has to be a token, and it is said how to make one", (place) => {
    expect(problemsOf({ "http.listen": place })).toEqual([
      expect.stringMatching(
        /^--http-listen: others can reach this place.* http\.token_file .*openssl rand -base64 24; or listen at 127\.0\.0\.1$/,
      ),
    ]);
    expect(problemsOf({ "http.listen": place, "http.token": TOKEN })).toEqual([]);
    expect(problemsOf({ "http.listen": place, "http.token_file": tokenFile(`${TOKEN}\n`) })).toEqual([]);
  });
});

describe("a token", () => {
  test.each([
    ["x".repeat(15), /has at least 16 characters, and this one has 15; make one with: openssl rand/],
    ["x".repeat(513), /has 512 characters at most/],
    ["sixteen letters and spaces", /neither spaces/],
    ["sechzehn-Buchstäben", /letters outside of ASCII/],
    ["two-lines-of-token\nand-another", /line ends/],
  ])("%j is none, in a flag or in a file, and is not shown", (token, message) => {
    const said = [problemsOf({ "http.token": token }), problemsOf({ "http.token_file": tokenFile(`${token}\n`) })];
    expect(said).toEqual([[expect.stringMatching(message)], [expect.stringMatching(message)]]);
    expect(said[0]![0]).toMatch(/^--http-token: /);
    expect(said[1]![0]).toMatch(/^--http-token-file: /);
    expect(said.flat().join()).not.toContain(token);
  });

  test("is said in one place", () => {
    expect(problemsOf({ "http.token": TOKEN, "http.token_file": tokenFile(TOKEN) })).toEqual([
      "--http-token-file: http.token is given too; leave one of them out",
    ]);
  });
});
