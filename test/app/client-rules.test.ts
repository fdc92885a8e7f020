import { describe, expect, test } from "vitest";
import { clientIdPatterns, isClientRule, networks } from "../../src/app/configuration/client-rules.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";

describe("a rule of clients.allow or clients.deny", () => {
  test.each(["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "fe80::1", "::/0"])("%s is a network", (rule) => {
    expect(isClientRule(rule)).toBe(true);
    expect(networks([rule])).toEqual([rule]);
    expect(clientIdPatterns([rule])).toEqual([]);
  });

  test.each(["sensor-*", "*", "1.2", "aa:bb:cc:dd:ee:ff", "aa:bb:*", "10-*", "1*", "floor/2", "10/8", "a:b/c"])(
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
    "10.*",
    "10.0.*.*",
    "10.*.0.1",
    "192.168.1.*",
    "192.168.1.1*",
    "192.168.1.1-50",
    "192.168.1.1-192.168.1.50",
    "192.168.1.0/255.255.255.0",
    "192.168.1.1:1883",
    "fe80::*",
  ])("%j, which is written like a network and is none, is neither", (rule) => {
    expect(isClientRule(rule)).toBe(false);
  });

  test.each([
    ["192.168.1.*", "for a network write 192.168.1.0/24"],
    ["10.*", "for a network write 10.0.0.0/8"],
    ["10.0.*.*", "for a network write 10.0.0.0/16"],
    ["10.*.0.1", "for a network write how many of its bits count, such as 10.0.0.0/8"],
    ["fe80::*", "for a network write how many of its bits count, such as fe80::/64"],
    ["192.168.1.1-50", "for a range write the networks that it consists of, each such as 10.0.0.16/28"],
    ["192.168.1.0/255.255.255.0", "write a mask as the number of its bits: 255.255.255.0 is /24"],
    ["192.168.1.1:1883", "leave the port out"],
  ])("%s is an error with what to write instead", (rule, remedy) => {
    const flags = new Map([["clients.allow" as const, rule]]);
    const configuration = loadConfiguration({ flags, configFlag: undefined, environment: {} });
    const [problem, ...others] = configuration.ok ? [] : configuration.problems;
    expect(others).toEqual([]);
    expect(problem?.startsWith(`--clients-allow: "${rule}" is not a pattern of client ids`)).toBe(true);
    expect(problem?.endsWith(`; ${remedy}`)).toBe(true);
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
