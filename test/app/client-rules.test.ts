import { describe, expect, test } from "vitest";
import { clientIdPatterns, isClientRule, networks } from "../../src/app/configuration/client-rules.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";

describe("a rule of clients.allow or clients.deny", () => {
  test.each(["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "fe80::1", "::/0"])("%s is a network", (rule) => {
    expect(isClientRule(rule)).toBe(true);
    expect(networks([rule])).toEqual([rule]);
    expect(clientIdPatterns([rule])).toEqual([]);
  });

  test.each(["sensor-*", "*", "1.2", "10.0.*", "aa:bb:cc:dd:ee:ff", "floor/2", "10/8", "a:b/c"])(
    "%s is a pattern of client ids",
    (rule) => {
      expect(isClientRule(rule)).toBe(true);
      expect(clientIdPatterns([rule])).toEqual([rule]);
      expect(networks([rule])).toEqual([]);
    },
  );

  test.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/24",
    "10.0.0.256",
    "010.0.0.1",
    "fd00::/129",
    "fd00::/zz",
    "fd00:::/8",
  ])("%j, which is written like a network and is none, is neither", (rule) => {
    expect(isClientRule(rule)).toBe(false);
  });

  test.each(["clients.allow", "clients.deny"] as const)("a network that is none is an error of %s", (key) => {
    const flags = new Map([[key, "sensor-*,10.0.0.0/40"]]);
    const configuration = loadConfiguration({ flags, configFlag: undefined, environment: {} });
    const expected = "a pattern of client ids (sensor-*), an IP address or a network (10.0.0.0/8)";
    expect(configuration).toEqual({
      ok: false,
      problems: [`--${key.replace(".", "-")}: "10.0.0.0/40" is not ${expected}`],
    });
  });
});
