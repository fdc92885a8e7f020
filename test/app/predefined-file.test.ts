import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readPredefinedFile } from "../../src/app/configuration/predefined-file.ts";

function readSample(name: string) {
  return readPredefinedFile(name, readFileSync(fileURLToPath(new URL(`predefined/${name}`, import.meta.url)), "utf8"));
}

function problemsOf(text: string): string[] {
  return readPredefinedFile("f", text).problems.map((problem) => problem.text);
}

function entriesOf(text: string) {
  const { entries, problems } = readPredefinedFile("f", text);
  expect(problems).toEqual([]);
  return entries.map(({ client = "*", topic, id }) => `${client} ${topic} ${id}`);
}

describe("a file with predefined topics", () => {
  test("of the Paho gateway has a line for each, with spaces and comments", () => {
    expect(readSample("paho.conf")).toEqual({
      problems: [],
      entries: [
        { client: "*", topic: "plant/time", id: 1, place: "paho.conf:6:16" },
        { client: "*", topic: "plant/alarm", id: 2, place: "paho.conf:7:15" },
        { client: "boiler", topic: "plant/boiler/temperature", id: 3, place: "paho.conf:10:34" },
        { client: "boiler", topic: "plant/boiler/pressure", id: 4, place: "paho.conf:11:34" },
        { client: "pump:7", topic: "plant/pump/7/state", id: 3, place: "paho.conf:12:27" },
      ],
    });
  });

  test("of bisquitt is a map of clients, in YAML", () => {
    expect(readSample("bisquitt.yaml")).toEqual({
      problems: [],
      entries: [
        { client: "*", id: 1, topic: "plant/time", place: "bisquitt.yaml:4:3" },
        { client: "*", id: 2, topic: "plant/alarm", place: "bisquitt.yaml:5:3" },
        { client: "boiler", id: 3, topic: "plant/boiler/temperature", place: "bisquitt.yaml:7:3" },
        { client: "boiler", id: 4, topic: "plant/boiler/pressure", place: "bisquitt.yaml:8:3" },
        { client: "0815", id: 3, topic: "plant/0815/state", place: "bisquitt.yaml:10:3" },
      ],
    });
  });

  test.each([
    ["lines that end as in Windows, after a byte order mark", "\uFEFF# a\r\n*,a,1\r\nb,c,2\r\n", ["* a 1", "b c 2"]],
    ["a byte order mark before the first topic", "\uFEFF*,a,1\n", ["* a 1"]],
    ["a byte order mark before a map", "\uFEFFb: { 1: a }\n", ["b a 1"]],
    ["a map in JSON", '{"*": {"1": "a"}, "b": {"2": "c"}}', ["* a 1", "b c 2"]],
    ["a map in one line", "b: { 1: a, 2: c }\n", ["b a 1", "b c 2"]],
    ["a map with an anchor", 'b: &t { 1: a }\n"*": *t\n', ["b a 1", "* a 1"]],
    ["a list like topics.predefined", "- { id: 1, topic: a }\n- { id: 2, topic: c, client: b }\n", ["* a 1", "b c 2"]],
    ["a name with the client in it", `*,a/\${clientId}/c,1\n`, [`* a/\${clientId}/c 1`]],
    ["the first and the last id", "*,a,1\n*,b,65534\n", ["* a 1", "* b 65534"]],
    ["nothing", "", []],
    ["nothing but comments", "# a,b,1\n\n", []],
  ])("may have %s", (_what, text, entries) => {
    expect(entriesOf(text)).toEqual(entries);
  });

  const ids = "a topic id from 1 to 65534 (0 and 65535 are reserved)";
  const names = "a topic name (not empty, without + and #)";
  const clients = 'a client id, or "*" for all clients';

  test.each([
    ["lines", "*,a,0\n*,b,65535\n", [`f:1:5: 0 is not ${ids}`, `f:2:5: 65535 is not ${ids}`]],
    ["a map", '"*":\n  0: a\n  65535: b\n', [`f:2:3: 0 is not ${ids}`, `f:3:3: 65535 is not ${ids}`]],
    ["a list", "- { id: 0, topic: a }\n", [`f:1:9: [0].id: 0 is not ${ids}`]],
  ])("I1 the ids 0 and 65535 are refused in %s: they are reserved", (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test.each<[string, string, string[]]>([
    ["what is no id", "*,a,one\n*,b,1x\n", [`f:1:5: "one" is not ${ids}`, `f:2:5: "1x" is not ${ids}`]],
    ["what is no id in a map", "b:\n  one: a\n", [`f:2:3: "one" is not ${ids}`]],
    ["a wildcard", "*,a/#,1\n", [`f:1:3: "a/#" is not ${names}`]],
    ["a wildcard in a map", "b: { 1: a/+ }\n", [`f:1:9: "a/+" is not ${names}`]],
    ["a name that is a number to YAML", "b: { 1: 2 }\n", [`f:1:9: 2 is not ${names}; put it in quotes`]],
    ["no name", "b:\n  1:\n", [`f:2:5: an empty value is not ${names}`]],
    ["a pattern of clients", "sensor-*,a,1\n", [`f:1:1: "sensor-*" is not ${clients}`]],
    ["no client", ",a,1\n", [`f:1:1: "" is not ${clients}`]],
    ["another placeholder", `*,a/\${id},1\n`, [`f:1:3: has a placeholder other than \${clientId}`]],
    [
      "lines with too few fields and with too many",
      "*,a,1\n*,a\n*,a,b,1\n",
      [
        "f:2:1: has 2 of 3 fields; write ClientId,TopicName,TopicId, with * for all clients",
        "f:3:1: has 4 of 3 fields; write ClientId,TopicName,TopicId, with * for all clients",
      ],
    ],
    [
      "a space that the Paho gateway would not see",
      "*,a/my topic,1\n",
      ['f:1:3: has a space, which the Paho gateway leaves out; write "a/mytopic", or set topics.predefined'],
    ],
    [
      "topics without a client",
      "1: a\n",
      ["f:1:4: is not a map of topic ids to topic names, such as { 1: sensors/boiler }"],
    ],
    [
      "an entry of a list that is wrong",
      "- { id: 1, topik: a }\n",
      ["f:1:3: [0].topic: is missing", "f:1:19: [0].topik: there is no such key; did you mean topic?"],
    ],
    [
      "what is neither",
      "hello\n",
      ["f:1:1: is not a list of entries such as { id: 1, topic: sensors/boiler, client: boiler }"],
    ],
    [
      "a key that comes twice",
      "b: { 1: a, 1: c }\n",
      ["f:1:12: 1 is there a second time; put the two together, or leave one of the two out"],
    ],
    [
      "YAML that is none",
      "b: [\n",
      [
        "f:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]; look at the indentation, and whether every bracket is closed",
      ],
    ],
  ])("is told of %s, with line and column", (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});
