import { afterEach, describe, expect, test, vi } from "vitest";
import {
  CLIENT_VARIABLES,
  clientVariableOf,
  unknownClientVariables,
} from "../../src/app/configuration/client-variables.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { publishCommand } from "../../src/cli/publish.ts";
import { simulateCommand } from "../../src/cli/simulate.ts";
import { subscribeCommand } from "../../src/cli/subscribe.ts";

const COMMANDS = [publishCommand, subscribeCommand, simulateCommand];

/** What a configuration for the gateway has to say against these variables. */
function problems(environment: Record<string, string>): string[] {
  const configuration = loadConfiguration({ flags: new Map(), environment });
  return configuration.ok ? [] : configuration.problems;
}

describe("the variables of the clients", () => {
  test("are those of the flags of publish, subscribe and simulate, and no others", () => {
    const flags = COMMANDS.flatMap((make) => make().options.map(({ long, envVar }) => ({ long, envVar })));
    for (const { long, envVar } of flags) expect(envVar).toBe(clientVariableOf(long!));
    expect(clientVariableOf("--retry-count")).toBe("MQTTSN_CLIENT_RETRY_COUNT");
    expect(clientVariableOf("--client-id")).toBe("MQTTSN_CLIENT_ID");
    expect([...new Set(flags.map(({ envVar }) => envVar))].sort()).toEqual([...CLIENT_VARIABLES].sort());
  });

  test("stand in the help of each flag", () => {
    for (const make of COMMANDS) {
      const command = make();
      const help = command.helpInformation().replaceAll(/\s+/g, " ");
      for (const { envVar } of command.options) expect(help).toMatch(new RegExp(`env: ${envVar}\\b`));
    }
  });

  test("are none of the gateway's, which leaves them alone", () => {
    for (const key of OPTION_KEYS) expect(CLIENT_VARIABLES).not.toContain(variableOf(key));
    expect(problems(Object.fromEntries(CLIENT_VARIABLES.map((name) => [name, "x"])))).toEqual([]);
  });

  test("a wrong one is a problem for the gateway as well as for the clients", () => {
    const environment = { MQTTSN_CLIENT_GATWAY: "x", MQTTSN_CLIENT_MAX: "1" };
    expect(problems(environment)).toEqual([
      "MQTTSN_CLIENT_GATWAY: there is no such variable",
      "MQTTSN_CLIENT_MAX: there is no such variable; did you mean MQTTSN_CLIENTS_MAX?",
    ]);
    expect(unknownClientVariables({ ...environment, MQTTSN_BROKER_URL: "x" })).toEqual([
      "MQTTSN_CLIENT_GATWAY: there is no such variable; did you mean MQTTSN_CLIENT_GATEWAY?",
      "MQTTSN_CLIENT_MAX: there is no such variable",
    ]);
  });
});

describe("a client command's environment", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** The values of publish with these variables and flags, or what it says against them. */
  async function publishWith(environment: Record<string, string>, args: string[]) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const command = publishCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    let topics: string | undefined;
    command.action(() => {
      topics = command.theOneOf(["topic", "predefined", "short"]);
    });
    try {
      await command.parseAsync(args, { from: "user" });
    } catch (error) {
      return { error: (error as Error).message };
    }
    return { topics, ...command.opts() };
  }

  test("sets flags, which are checked like those of the command line", async () => {
    const environment = { MQTTSN_CLIENT_QOS: "-1", MQTTSN_CLIENT_SHORT: "ab", MQTTSN_CLIENT_RETAIN: "true" };
    expect(await publishWith(environment, [])).toMatchObject({ qos: -1, short: "ab", topics: "short", retain: true });
    expect(await publishWith({ MQTTSN_CLIENT_QOS: "3" }, [])).toEqual({
      error: "error: option '-q, --qos <qos>' value '3' from env 'MQTTSN_CLIENT_QOS' is invalid. Write -1, 0, 1 or 2.",
    });
  });

  test("goes behind the command line", async () => {
    expect(await publishWith({ MQTTSN_CLIENT_QOS: "2" }, ["--qos", "1"])).toMatchObject({ qos: 1 });
    expect(await publishWith({ MQTTSN_CLIENT_TOPIC: "a" }, ["--short", "ab"])).toMatchObject({ topics: "short" });
  });

  test("does not set a flag without a value where it says false, nor takes another word for true", async () => {
    expect(await publishWith({ MQTTSN_CLIENT_RETAIN: "false" }, [])).not.toHaveProperty("retain");
    expect(await publishWith({ MQTTSN_CLIENT_RETAIN: "0" }, [])).toEqual({
      error: "error: MQTTSN_CLIENT_RETAIN: write true or false",
    });
  });

  test("is searched for variables that there are not", async () => {
    expect(await publishWith({ MQTTSN_CLIENT_TOPICS: "a" }, [])).toEqual({
      error: "error: MQTTSN_CLIENT_TOPICS: there is no such variable; did you mean MQTTSN_CLIENT_TOPIC?",
    });
  });

  test("flags that exclude each other are a usage error where both are given in the same way", async () => {
    expect(await publishWith({}, ["--topic", "a", "--short", "ab"])).toEqual({
      error: "error: --topic excludes --short",
    });
    expect(await publishWith({ MQTTSN_CLIENT_TOPIC: "a", MQTTSN_CLIENT_SHORT: "ab" }, [])).toEqual({
      error: "error: MQTTSN_CLIENT_TOPIC excludes MQTTSN_CLIENT_SHORT",
    });
  });
});
