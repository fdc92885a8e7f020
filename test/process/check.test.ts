import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { flagOf, OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import { OPTIONS } from "../../src/app/configuration/options.ts";
import { GatewayProcess, runToEnd } from "./gateway-process.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o600): string {
  writeFileSync(join(folder, name), text, { mode });
  return join(folder, name);
}

describe("check", () => {
  test("prints what is set and says that it is right, and starts nothing", async () => {
    const name = write("right.yaml", "broker: { url: mqtt://u:geheim@host, keep_alive: 30s }\n");
    const { code, stdout, stderr } = await runToEnd(["check", "-c", name, "--log-level", "debug"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${name} is right\n` });
    // What the tests set in the environment.
    const { state: _state, http: _http, ...rest } = parse(stdout);
    expect(rest).toEqual({ broker: { url: "mqtt://***@host", keep_alive: "30s" }, log: { level: "debug" } });
    expect(stdout).toContain(`# ${name}:1:16, *** is not shown`);
    expect(stdout).toMatch(/level: debug +# --log-level/);
    expect(stdout).toMatch(/path: "memory:" +# MQTTSN_STATE_PATH/);
  });

  test("names places that cannot be written to", async () => {
    const name = write("places.yaml", "trace:\n  file: gone/run.pcap\n");
    const { code, stdout, stderr } = await runToEnd(["check", "-c", name, "--state-path", name]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
    expect(stderr).toContain(`${name}:2:9: trace.file: its folder is not there; create it, or choose another place\n`);
    expect(stderr).toContain(`--state-path: ${name} is a file, not a folder; name another one\n`);
  });

  test("names what works and is better otherwise", async () => {
    const name = write("open.yaml", "broker: { username: u, password: geheim }\n", 0o644);
    const { code, stdout, stderr } = await runToEnd(["check", "-q", "-c", name]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/^warning: everybody on this machine may read .*open\.yaml.*chmod o-r\)\n$/);
    expect((await runToEnd(["check", "-c", name])).stderr).toMatch(/is right, with a warning\n$/);
  });

  test("names every problem, prints nothing else, and ends as run does", async () => {
    const name = write("wrong.yaml", "brokr: {}\nlog: { level: loud }\nbroker: { username: u, password: [geheim] }\n");
    const end = await runToEnd(["check", "-c", name, "--clients-max", "0"]);
    expect(end).toEqual({
      code: 78,
      stdout: "",
      stderr: `--clients-max: 0 is not a whole number from 1 to 1000000
${name}:1:1: brokr: there is no such option; did you mean broker?
${name}:2:15: log.level: "loud" is not one of trace, debug, info, warn, error
${name}:3:34: broker.password: is not a text: put it in quotes
`,
    });
    expect(await runToEnd(["run", "-c", name, "--clients-max", "0"])).toEqual(end);
  });

  test("needs no file", async () => {
    const { code, stdout, stderr } = await runToEnd(["check", "-l", "udp://[::1]:0"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "the configuration is right\n" });
    expect(parse(stdout).listen).toEqual(["udp://[::1]:0"]);
  });

  test("--print prints a file that run takes", async () => {
    const flags = ["-b", "embedded:", "--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--http-listen="];
    const { stdout } = await runToEnd(["check", "--print", ...flags]);
    for (const key of OPTION_KEYS) expect(stdout).toContain(`${key.slice(key.indexOf(".") + 1)}:`);
    const gateway = new GatewayProcess(["run", "-c", write("printed.yaml", stdout)]);
    expect(await gateway.line("gateway.started")).toMatchObject({ listeners: expect.stringContaining("127.0.0.1") });
  });

  test("--schema prints the JSON Schema of the file, whatever the environment holds", async () => {
    const { code, stdout } = await runToEnd(["check", "--schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      additionalProperties: false,
      properties: { gateway: { properties: { id: { type: "integer", default: 1 } } } },
    });
  });

  test("--help shows every flag of run", async () => {
    const { stdout } = await runToEnd(["check", "--help"]);
    for (const key of OPTION_KEYS.filter((each) => OPTIONS[each].fromText !== undefined)) {
      expect(stdout).toContain(`${flagOf(key)} <`);
    }
  });
});
