import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of a file, with its name and folder left off. */
function problemsOf(text: string): string[] {
  const name = join(folder, "f");
  writeFileSync(name, text, { mode: 0o600 });
  const configuration = loadConfiguration({ flags: new Map(), configFlag: name, environment: {} });
  return configuration.ok ? [] : configuration.problems.map((problem) => problem.replaceAll(`${name}:`, ""));
}

const COLON = "write a colon and a space between a key and its value";
const QUOTES = "put texts with special characters in quotes";
const EXAMPLE = 'write for example "log: { level: debug }"';
const DURATIONS = "(500ms, 10s, 5m, 2h, 1d, or seconds)";
const LISTEN = "a place to listen at (udp://host:port, such as udp://0.0.0.0:1883 or udp://[::]:1883)";

describe("what people write", () => {
  test.each<[string, string, string]>([
    ["a tab", "broker:\n\turl: mqtt://x\n", "2:1: Tabs are not allowed as indentation; indent with spaces"],
    [
      "a line that is indented too far",
      "broker:\n  url: mqtt://x\n   keep_alive: 5s\n",
      "2:8: the next line is indented further than this one, and taken for a part of its value; indent it like this one",
    ],
    [
      "a line that is not indented far enough",
      "broker:\n  url: mqtt://x\n keep_alive: 5s\n",
      "3:1: All mapping items must start at the same column; look at the indentation, and whether every bracket is closed",
    ],
    [
      "a line that is not indented at all",
      "broker:\nurl: mqtt://x\n",
      "2:1: url: there is no such option; did you mean broker.url? It stands below broker, indented",
    ],
    [
      "spaces of a web page",
      "broker:\n\u00a0\u00a0url: mqtt://x\n",
      "2:1: begins with a space of another kind; indent with plain spaces",
    ],
    [
      "a URL where the section is",
      "broker: mqtt://x:1883\n",
      "1:1: broker: is a section; write its options below it, indented, such as broker.url",
    ],
    [
      "a section as a list",
      "broker:\n  - url: mqtt://x\n",
      "1:1: broker: is a section; write its options below it without dashes, such as broker.url",
    ],
    ["a colon without its space", "broker:\n  url:mqtt://x\n", `1:1: broker.url: ${COLON}`],
    ["an equals sign", "gateway:\n  id = 1\n", `1:1: gateway.id: ${COLON}`],
    ["an equals sign for everything", "log.level=debug\n", `1:1: is not a map of options; ${EXAMPLE}`],
    [
      "another format",
      '# mine\n[broker]\nurl = "mqtt://x"\n',
      `1:1: is written like an INI or TOML file, and has to be YAML; ${EXAMPLE}`,
    ],
    [
      "the broker's port in a key of its own",
      "broker:\n  port: 1883\n",
      "2:3: broker.port: there is no such option; the broker's host and port stand in broker.url, such as mqtt://host:1883",
    ],
    [
      "the gateway's port in a key of its own",
      "port: 1883\n",
      "1:1: port: there is no such option; the port stands in listen, such as udp://0.0.0.0:1883",
    ],
    ["the name that others have", "mqtt:\n  server: x\n", "1:1: mqtt: there is no such option; did you mean broker?"],
    [
      "a dash in a key",
      "broker: { keep-alive: 5s }\n",
      "1:11: broker.keep-alive: there is no such option; did you mean broker.keep_alive?",
    ],
    ["capital letters", "Broker: {}\n", "1:1: Broker: there is no such option; did you mean broker?"],
    [
      "a switch that is an empty text",
      "http: { enabled: false }\n",
      '1:9: http.enabled: there is no such option; http.listen: "" turns it off',
    ],
    [
      "nothing for an empty text",
      "http:\n  listen:\n",
      '2:3: http.listen: is empty; write "" for none, or leave it out',
    ],
    [
      "embedded: without quotes",
      "broker: { url: embedded: }\n",
      '1:16: embedded: ends with a colon, so it stands in quotes: "embedded:"',
    ],
    [
      "memory: without quotes",
      "state:\n  path: memory:\n",
      '2:9: memory: ends with a colon, so it stands in quotes: "memory:"',
    ],
    [
      "a key twice",
      "broker:\n  url: mqtt://a\n  url: mqtt://b\n",
      "3:3: url is there a second time; put the two together, or leave one of the two out",
    ],
    [
      "a section twice",
      "broker: {}\nlog: {}\nbroker: {}\n",
      "3:1: broker is there a second time; put the two together, or leave one of the two out",
    ],
    [
      "a space in a duration",
      "broker: { keep_alive: 10 s }\n",
      `1:23: broker.keep_alive: "10 s" is not a duration from 1s to 65535s ${DURATIONS}`,
    ],
    ["yes for true", "discovery: { enabled: yes }\n", '1:23: discovery.enabled: "yes" is not true or false'],
    [
      "true in quotes",
      'discovery: { enabled: "true" }\n',
      '1:23: discovery.enabled: "true" is not true or false; leave the quotes out',
    ],
    [
      "a number in quotes",
      'gateway: { id: "7" }\n',
      '1:16: gateway.id: "7" is not a whole number from 1 to 255; leave the quotes out',
    ],
    [
      "a number for a text",
      "broker: { username: 0815 }\n",
      "1:21: broker.username: 815 is not a text; put it in quotes",
    ],
    ["a listener over TCP", "listen: tcp://0.0.0.0:1883\n", `1:9: listen: "tcp://0.0.0.0:1883" is not ${LISTEN}`],
    [
      "a port for a listener",
      "listen: 1883\n",
      "1:9: listen: 1883 is not a URL such as udp://0.0.0.0:1883, or a list of such URLs",
    ],
    [
      "a list as one text",
      "clients:\n  deny: sensor-1, sensor-2\n",
      '2:9: clients.deny: "sensor-1, sensor-2" is one text; write a list: [sensor-1, sensor-2]',
    ],
    [
      "a placeholder without quotes",
      `broker: { username: \${clientId} }\n`,
      `1:22: put texts with \${ and } in quotes, such as "\${clientId}"`,
    ],
    ["a password with a colon", "broker:\n  password: a: b\n", `2:13: there is a second colon in this line; ${QUOTES}`],
    [
      "a password that begins with &",
      "broker:\n  password: &abc\n",
      "2:3: broker.password: has an anchor and no value; put texts that begin with & in quotes",
    ],
    [
      "somebody's folder",
      "state: { path: ~/data }\n",
      '1:16: state.path: "~/data": only a shell knows what ~ is; write the folder in full',
    ],
    [
      "somebody's file",
      "topics: { predefined_file: ~/topics }\n",
      '1:28: topics.predefined_file: "~/topics": only a shell knows what ~ is; write the folder in full',
    ],
    [
      "topics as a map",
      "topics:\n  predefined:\n    1: a/b\n",
      "3:5: topics.predefined: is not a list of entries such as { id: 1, topic: sensors/boiler, client: boiler }",
    ],
    [
      "what check prints for a URL",
      "broker: { url: mqtt://***@host }\n",
      "1:16: broker.url: has *** in it, which check prints in place of what may be secret; write that, or broker.username and broker.password_file",
    ],
    [
      "what check prints for a secret",
      'clients: { credentials: [{ client: a, username: a, password: "***" }] }\n',
      "1:62: clients.credentials[0].password: is ***, which check prints in place of a secret; write the secret, or name its file",
    ],
  ])("%s is told with its place, and what to write instead", (_what, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test.each([
    ["\uFEFFgateway:\n  id: 1000\n", "2:7"],
    ["\uFEFFgateway: { id: 1000 }\n", "1:16"],
    ["gateway:\r\n  id: 1000\r\n", "2:7"],
  ])("marks and line ends of Windows are no mistake, and shift no place: %j", (text, place) => {
    expect(problemsOf(text)).toEqual([`${place}: gateway.id: 1000 is not a whole number from 1 to 255`]);
    expect(problemsOf(text.replace("1000", "10"))).toEqual([]);
  });
});

/** Pieces of which files are made, and what they must not be made of. */
const piece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\n  ",
    "\n    - ",
    ": ",
    ":",
    "- ",
    "{ ",
    " }",
    "[",
    "]",
    ", ",
    '"',
    "'",
    "&a",
    "*a",
    "!",
    "#",
    " ",
    "\t",
    "|",
    "---\n",
  ),
  fc.constantFrom(
    "broker",
    "clients",
    "topics",
    "credentials",
    "predefined",
    "password",
    "listen",
    "null",
    "<<",
    "1e9",
    "0x1",
    "~",
  ),
  fc.constantFrom(...OPTION_KEYS.map((key) => `${key}: `)),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const anyFile = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));

test("whatever a file holds, each problem has a place in it, and stands in one line", () => {
  fc.assert(
    fc.property(anyFile, (text) => {
      for (const problem of problemsOf(text)) expect(problem).toMatch(/^\d+:\d+: [^\n]+$/);
    }),
    { numRuns: 500 },
  );
});
