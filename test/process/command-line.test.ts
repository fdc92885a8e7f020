import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { flagOf, OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { OPTIONS } from "../../src/app/configuration/options.ts";
import { runToEnd } from "./gateway-process.ts";

describe("usage", () => {
  test.each<[string, string[], RegExp]>([
    ["an unknown flag", ["run", "--borker", "x"], /unknown option '--borker'\n\(Did you mean --broker\?\)/],
    ["an unknown flag with its value", ["run", "--broker-pasword=geheim"], /unknown option '--broker-pasword=…'/],
    ["simulate with half a URL", ["simulate", "--broker", "u:geheim@h"], /error: --broker: this is not a URL/],
    ["an unknown flag without a command", ["--borker", "x"], /unknown option '--borker'/],
    ["an unknown command", ["dcode"], /there is no command "dcode"; did you mean decode\?/],
    ["an argument too much", ["run", "now"], /too many arguments/],
    ["a flag without its value", ["run", "--broker"], /argument missing/],
    ["decode without bytes", ["decode"], /missing required argument 'hex'/],
    ["publish to an empty topic", ["publish", "--topic", ""], /--topic is empty: a topic has at least one character/],
    ["subscribe to an empty topic", ["subscribe", "--topic", ""], /--topic is empty/],
    ["an empty client id", ["publish", "--topic", "a", "--client-id", ""], /A client id has at least one character/],
    ["a keep alive below a second", ["publish", "--topic", "a", "--keep-alive", "500ms"], /Write whole seconds, 0 to/],
    [
      "a keep alive of two days",
      ["subscribe", "--topic", "a", "--keep-alive", "2d"],
      /Write whole seconds, 0 to 65535/,
    ],
    ["decode with what is not hexadecimal", ["decode", "xyz"], /"xyz" is not hexadecimal/],
  ])("%s ends with 2 and says what is wrong", async (_what, args, message) => {
    const { code, stdout, stderr } = await runToEnd(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("geheim");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("--version says the version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await runToEnd(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("--help names the commands", async () => {
    const { code, stdout } = await runToEnd(["--help"]);
    expect(code).toBe(0);
    for (const name of ["run", "check", "publish", "subscribe", "simulate", "decode"])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  test("run --help shows every flag with its default and its variable", async () => {
    const { code, stdout } = await runToEnd(["run", "--help"]);
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, " ");
    for (const key of OPTION_KEYS.filter((each) => OPTIONS[each].fromText !== undefined)) {
      expect(text).toContain(`${flagOf(key)} <`);
      expect(text).toContain(`Environment: ${variableOf(key)}`);
    }
    expect(text).toMatch(/--broker-keep-alive <duration> [^<]*Default: 60s\. Environment: MQTTSN_BROKER_KEEP_ALIVE/);
  });
});

describe("decode", () => {
  const PINGREQ = "PINGREQ\n";

  test.each<[string, string[], string]>([
    ["one word", ["0216"], PINGREQ],
    ["octets as words", ["02", "16"], PINGREQ],
    ["octets in one argument", ["02 16"], PINGREQ],
    ["colons", ["02:16"], PINGREQ],
    ["0x and commas", ["0x02, 0x16"], PINGREQ],
    ["0x once", ["0x0216"], PINGREQ],
    ["a string of C", ["\\x02\\x16"], PINGREQ],
    ["digits that stand alone", ["2", "16"], PINGREQ],
    ["groups of a hex dump", ["0418", "003c"], "DISCONNECT sleep 60 s\n"],
    ["capital letters", ["04 18 00 3C"], "DISCONNECT sleep 60 s\n"],
    ["several messages", ["0216", "02:17"], "PINGREQ\nPINGRESP\n"],
    ["a message in its envelope", ["04fe01aa0216"], "forwarded, node aa, radius 1\n  PINGREQ\n"],
    ["an envelope and its message as words", ["04fe01aa", "0216"], "forwarded, node aa, radius 1\n  PINGREQ\n"],
  ])("takes %s", async (_what, args, stdout) => {
    expect(await runToEnd(["decode", ...args])).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("takes every example of its help", async () => {
    const { stdout: help } = await runToEnd(["decode", "--help"]);
    const examples = /in any common way: (.*)\.$/m
      .exec(help)![1]!
      .split(", ")
      .map((word) => word.replaceAll("'", ""));
    expect(examples.length).toBeGreaterThanOrEqual(5);
    for (const example of examples) {
      const end = await runToEnd(["decode", example]);
      expect(end, example).toEqual({ code: 0, stdout: "DISCONNECT sleep 60 s\n", stderr: "" });
    }
    const [, args, printed] = /Example: decode (.*) prints (.*)\.$/m.exec(help)!;
    expect(await runToEnd(["decode", ...args!.split(" ")])).toMatchObject({ code: 0, stdout: `${printed}\n` });
  });

  test.each<[string, string[], string]>([
    ["a wrong length", ["0316"], "malformed: length (it says 3, there are 2 octets)\n"],
    ["a wrong length over three octets", ["01000516"], "malformed: length (there are 4 octets)\n"],
    ["one message of two", ["0216", "0203"], "PINGREQ\nmalformed: reserved message type\n"],
    [
      "what is in an envelope",
      ["03fe000316"],
      "forwarded, node without id, radius 0\n  malformed: length (it says 3, there are 2 octets)\n",
    ],
  ])("ends with 1 where %s is malformed", async (_what, args, stdout) => {
    expect(await runToEnd(["decode", ...args])).toEqual({ code: 1, stdout, stderr: "" });
  });
});
