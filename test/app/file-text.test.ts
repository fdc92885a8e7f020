import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ConfigurationSources, loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { fileText } from "../../src/app/configuration/file-text.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MEBIBYTE = 1024 * 1024;

function write(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** A FIFO that nobody writes to. */
function fifo(name: string): string {
  execFileSync("mkfifo", [join(folder, name)]);
  return join(folder, name);
}

describe("a file that is read", () => {
  test.each([
    ["list", 16],
    ["secret", 1],
  ] as const)("for a %s may have %d MiB, and not one octet more", (kind, size) => {
    const whole = "x".repeat(size * MEBIBYTE);
    expect(fileText(write("whole", whole), kind, true)).toEqual({ text: whole });
    const name = write("large", `${whole}x`);
    expect(fileText(name, kind, true)).toEqual({
      problem: `cannot read ${JSON.stringify(name)}: it has more than ${size} MiB; is it the right one?`,
    });
  });

  test("at the start may be a device, but not one without an end", () => {
    expect(fileText("/dev/null", "list", false)).toEqual({ text: "" });
    expect(fileText("/dev/zero", "list", false)).toEqual({
      problem: 'cannot read "/dev/zero": it has more than 16 MiB; is it the right one?',
    });
  });

  test.each([
    ["little", Buffer.from("\uFEFFgateway: { id: 7 }\r\n", "utf16le")],
    ["big", Buffer.from("\uFEFFgateway: { id: 7 }\r\n", "utf16le").swap16()],
  ])("and is in UTF-16, %s-endian, is told as such", (_which, octets) => {
    const name = write("utf16", octets);
    expect(fileText(name, "list", false)).toEqual({
      problem: `cannot read ${JSON.stringify(name)}: it is in UTF-16; save it as UTF-8`,
    });
  });

  test("keeps what is in it where its octets are more than are read at once", () => {
    const text = "äöü€".repeat(50_000);
    expect(fileText(write("many", text), "list", false)).toEqual({ text });
  });

  test("may not be a folder, at any time", () => {
    const problem = `cannot read ${JSON.stringify(folder)}: it is a directory`;
    expect([fileText(folder, "list", false), fileText(folder, "list", true)]).toEqual([{ problem }, { problem }]);
  });
});

describe("a pipe", () => {
  const pipe = fifo("pipe");

  const load = (flags: Partial<Record<OptionKey, string>>, sources: Partial<ConfigurationSources> = {}) =>
    loadConfiguration({ flags: new Map(Object.entries(flags) as [OptionKey, string][]), environment: {}, ...sources });

  const problemOf = (where: string) =>
    `${where}: cannot read ${JSON.stringify(pipe)}: it is a pipe or a device, and can be read only once; write what it says into a file`;

  test("is read at the start", () => {
    spawn("sh", ["-c", 'echo "gateway: { id: 7 }" >"$0"', pipe], { stdio: "ignore" });
    expect(load({}, { configFlag: pipe })).toMatchObject({ ok: true, values: { "gateway.id": 7 } });
  });

  const running = { hasEmptyFile: false, certificate: undefined };

  test("is refused at a reload, where nobody may write to it: as the configuration", () => {
    expect(load({}, { configFlag: pipe, running })).toEqual({ ok: false, problems: [problemOf("--config")] });
  });

  test.each<[string, Partial<Record<OptionKey, string>>]>([
    ["the password", { "broker.username": "u", "broker.password_file": pipe }],
    ["a key", { "broker.username": "u", "broker.sas_key_file": pipe }],
    ["the credentials", { "clients.credentials_file": pipe }],
    ["predefined topics", { "topics.predefined_file": pipe }],
  ])("is refused at a reload as the file of %s", (_what, flags) => {
    const flag = `--${Object.keys(flags).at(-1)!.replaceAll(/[._]/g, "-")}`;
    expect(load(flags, { running })).toEqual({ ok: false, problems: [problemOf(flag)] });
  });

  test("is refused at a reload as the password of one client", () => {
    const list = write("list.yaml", `- { client: a, username: u, password_file: ${pipe} }`);
    expect(load({ "clients.credentials_file": list }, { running })).toEqual({
      ok: false,
      problems: [problemOf(`${list}:1:44: [0].password_file`)],
    });
  });

  test("is refused as a certificate or a key at any time: these are read more than once", () => {
    const flags = { "broker.url": "mqtts://h", "broker.cert": pipe, "broker.key": pipe };
    const problems = [problemOf("--broker-cert"), problemOf("--broker-key")];
    expect(load(flags)).toEqual({ ok: false, problems });
    expect(load(flags, { running })).toEqual({ ok: false, problems });
  });
});
