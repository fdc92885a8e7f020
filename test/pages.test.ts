import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, type CommanderError } from "commander";
import { describe, expect, onTestFinished, test } from "vitest";
import { isMap, isScalar, parse, parseDocument, visit } from "yaml";
import { CLIENT_VARIABLES } from "../src/app/configuration/client-variables.ts";
import { loadConfiguration } from "../src/app/configuration/configuration.ts";
import { CONFIG_VARIABLE, OPTION_KEYS, VARIABLE_PREFIX, variableOf } from "../src/app/configuration/option-names.ts";
import { LOG_EVENTS } from "../src/app/log/log-events.ts";
import { checkCommand } from "../src/cli/check.ts";
import { decodeCommand } from "../src/cli/decode.ts";
import { publishCommand } from "../src/cli/publish.ts";
import { runCommand } from "../src/cli/run.ts";
import { simulateCommand } from "../src/cli/simulate.ts";
import { subscribeCommand } from "../src/cli/subscribe.ts";
import { NOTES } from "../src/gateway/contract.ts";
import { anchorsOf } from "./docs/page-anchors.ts";
import { PAGE_COMMANDS } from "./docs/page-commands.ts";
import { PAGE_LINKS } from "./docs/page-links.ts";
import { namesLike } from "./docs/page-names.ts";
import { PAGES } from "./docs/pages.ts";
import { matchesInSource } from "./docs/source-text.ts";

const CERTIFICATES = fileURLToPath(new URL("certificates/", import.meta.url));
const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** What takes the words of a page's command, and does nothing with them. */
const COMMANDS: Readonly<Record<string, () => Command>> = {
  run: () => runCommand("0"),
  check: checkCommand,
  publish: publishCommand,
  subscribe: subscribeCommand,
  simulate: simulateCommand,
  decode: decodeCommand,
};

const SECTIONS = new Set(OPTION_KEYS.map((key) => key.split(".")[0]!));
/** Flags of systemctl and docker. */
const FLAGS_OF_OTHERS = ["--no-block", "--network"];

/** What stands behind the dot of a file, or of a host of an example. */
const NO_NAMES = /^(conf|example|js|json|key|log|md|password|pcap|pem|service|test|ts|yaml|yml)$/;

const EVENTS = [...Object.keys(NOTES), ...Object.keys(LOG_EVENTS)];

test("every link of a page to a file or a heading leads somewhere", () => {
  expect(PAGE_LINKS.length).toBeGreaterThan(200);
  expect(PAGE_LINKS.filter(({ leadsSomewhere }) => !leadsSomewhere)).toEqual([]);
});

test("docs/README.md leads to every page of docs", () => {
  const led = PAGE_LINKS.filter(({ page }) => page === "docs/README.md").map(({ target }) => `docs/${target}`);
  const pages = PAGES.map(({ path }) => path).filter(
    (path) => /^docs\/[^/]+\.md$/.test(path) && path !== "docs/README.md",
  );
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.filter((path) => !led.includes(path))).toEqual([]);
});

test("every place of docs/troubleshooting.md that a file of packaging names is there", () => {
  const named = filesBelow("packaging").flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/troubleshooting\.md#([\w-]+)/g)].map(([, anchor]) => ({
      path,
      anchor: anchor!,
    })),
  );
  const anchors = anchorsOf("docs/troubleshooting.md");
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ anchor }) => !anchors.has(anchor))).toEqual([]);
});

test("a name that is the text of a link to a source file stands in that file", () => {
  const named = PAGE_LINKS.filter(({ page }) => page === "docs/architecture.md");
  expect(named.length).toBeGreaterThan(50);
  expect(PAGE_LINKS.filter(({ unknownNames }) => unknownNames.length > 0)).toEqual([]);
});

describe("commands in pages", () => {
  const ours = PAGE_COMMANDS.flatMap((command) => {
    const args = argumentsOfOurs(command.words);
    return args === undefined ? [] : [{ ...command, args }];
  });

  test("those of the gateway have flags that there are", async () => {
    expect(ours.length).toBeGreaterThan(20);
    const wrong: string[] = [];
    for (const { page, line, args } of ours) {
      const problem = await problemOf(args);
      if (problem !== undefined) wrong.push(`${page}: ${line}: ${problem}`);
    }
    expect(wrong).toEqual([]);
  });

  test("scripts of the package that they run are there", () => {
    const names = PAGE_COMMANDS.flatMap(({ page, words }) => {
      const name = words[1] === "run" ? words.find((word, index) => index > 1 && !word.startsWith("-")) : undefined;
      return words[0] === "npm" && name !== undefined ? [{ page, name }] : [];
    });
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter(({ name }) => scripts[name] === undefined)).toEqual([]);
  });
});

describe("names in pages", () => {
  test("every variable is one that the gateway or its commands know", () => {
    const known = [...OPTION_KEYS.map(variableOf), CONFIG_VARIABLE, ...CLIENT_VARIABLES];
    const named = PAGES.flatMap(({ path: page, text }) =>
      // What ends with _ stands for all that begin so.
      [...text.matchAll(/\bMQTTSN_[A-Z_]*[A-Z]\b(?!_)/g)].map(([name]) => ({ page, name })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ name }) => !known.includes(name) && name !== VARIABLE_PREFIX)).toEqual([]);
  });

  test("every name with a section of the configuration before it is an option, or an event of the log", () => {
    const named = namesLike(/^[a-z][a-z_]*\.[a-z][a-z_0-9-]*$/).filter(({ name }) => {
      const [section, rest] = name.split(".") as [string, string];
      return SECTIONS.has(section) && !NO_NAMES.test(rest);
    });
    expect(named.length).toBeGreaterThan(100);
    const known = [...OPTION_KEYS, ...EVENTS] as string[];
    expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
  });

  test("every name like an event of the log is one", () => {
    const families = new Set(EVENTS.map((name) => name.split(".")[0]!));
    const named = namesLike(/^[a-z][a-z-]*\.[a-z][a-z-]*$/).filter(({ name }) => {
      const [family, rest] = name.split(".") as [string, string];
      return families.has(family) && !SECTIONS.has(family) && !NO_NAMES.test(rest);
    });
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ name }) => !EVENTS.includes(name))).toEqual([]);
  });

  test("every line of a log that is shown could be one of the gateway", () => {
    const shown = PAGES.flatMap(({ path: page, blocks }) =>
      blocks.flatMap(({ text }) =>
        [...text.matchAll(/\b(?:DEBUG|INFO|WARN|ERROR): ([a-z-]+\.[a-z-]+) |"event":"([^"]+)"/g)].map(
          ([, pretty, json]) => ({ page, name: (pretty ?? json)! }),
        ),
      ),
    );
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.filter(({ name }) => !EVENTS.includes(name))).toEqual([]);
  });

  test("every flag is one of a command of ours, or of a program of ours", () => {
    const flags = new Set(Object.values(COMMANDS).flatMap((command) => command().options.map(({ long }) => long)));
    for (const { match } of matchesInSource(/(?:^ {2}|\.option\(")(?:-\w, )?--[a-z-]+(?=[ "])/gm))
      flags.add(match.split(/[ "]/).at(-1)!);
    for (const each of ["--help", "--version", ...FLAGS_OF_OTHERS]) flags.add(each);
    const named = namesLike(/^--[a-z]/).map(({ page, name }) => ({ page, name: name.split(/[ =]/)[0]! }));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ page, name }) => !flags.has(name) && !/interoperability/.test(page))).toEqual([]);
  });

  test("every metric is one that is exported", () => {
    const exported = new Set(matchesInSource(/\bmqttsn_[a-z0-9_]+/g).map(({ match }) => match));
    const named = PAGES.flatMap(({ path: page, text }) =>
      [...text.matchAll(/\bmqttsn_[a-z0-9_]+[a-z0-9](?!_)/g)].map(([name]) => ({ page, name })),
    );
    const isExported = (name: string) =>
      exported.has(name) || exported.has(name.replace(/_(bucket|sum|count|total)$/, ""));
    expect(named.filter(({ name }) => !isExported(name))).toEqual([]);
  });
});

test("every path below the status page that is named is one of docs/openapi.yaml", () => {
  const { paths } = parse(readFileSync(new URL("../docs/openapi.yaml", import.meta.url), "utf8")) as { paths: object };
  const known = Object.keys(paths).map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  const named = PAGES.flatMap(({ path: page, text }) =>
    [...text.matchAll(/(?:`|:9884)(\/(?:api|metrics|healthz|readyz|login)\b[\w/.{}:-]*)/g)].map(([, path]) => ({
      page,
      path: path!.replace(/[.:]$/, ""),
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ path }) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
});

describe("configurations in pages", () => {
  const examples = PAGES.flatMap(({ path, blocks }) =>
    blocks.filter(({ language, text }) => language === "yaml" && isOurs(text)).map(({ text }) => ({ path, text })),
  );

  test("there are some", () => {
    expect(examples.length).toBeGreaterThan(10);
  });

  test.each(examples)("the gateway takes that of $path, %#", ({ text }) => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, withFilesIn(folder, text), { mode: 0o600 });
    const configuration = loadConfiguration({ flags: new Map(), configFlag: file, environment: {} });
    expect(configuration.ok ? [] : configuration.problems).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** What stands behind the gateway's name; undefined where it is another program's command. */
function argumentsOfOurs(words: readonly string[]): readonly string[] | undefined {
  if (words[0] === "mqtt-sn-gateway" || words[0] === "/usr/bin/mqtt-sn-gateway") return words.slice(1);
  if (words[0] === "node" && words[1]?.endsWith("dist/cli/main.js")) return words.slice(2);
  if (words[0] === "npx" && words[1] === "mqtt-sn-gateway") return words.slice(2);
  return undefined;
}

/** What a command of ours says of these words; undefined where it takes them. */
async function problemOf(args: readonly string[]): Promise<string | undefined> {
  const name = args[0] !== undefined && !args[0].startsWith("-") ? args[0] : "run";
  if (["--help", "-h", "--version", "-V"].includes(args[0] ?? "")) return undefined;
  const command = COMMANDS[name]?.();
  if (command === undefined) return `there is no command ${name}`;
  // Nothing is to be done: only the words are looked at.
  command.action(() => {}).exitOverride();
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  // Which of several files is meant does not matter here.
  const rest = (args[0] === name ? args.slice(1) : args).map((word) => (word === "…" ? "00" : word));
  try {
    await new Command()
      .addCommand(command)
      .exitOverride()
      .parseAsync([name, ...rest], { from: "user" });
    return undefined;
  } catch (error) {
    const { code, message } = error as CommanderError;
    return code === "commander.helpDisplayed" ? undefined : message;
  }
}

/** Whether a block of YAML is a configuration of ours: what it begins with is a section of it. */
function isOurs(text: string): boolean {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) return false;
  return contents.items.some(({ key }) => isScalar(key) && SECTIONS.has(String(key.value)));
}

/** The same with the files that it names in this folder, where they are made. */
function withFilesIn(folder: string, text: string): string {
  const document = parseDocument(text);
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string") return;
      const name = String(key.value);
      const isFile = ["ca", "cert", "key"].includes(name) || (name.endsWith("_file") && name !== "config_file");
      if (!isFile) return;
      const path = join(folder, basename(value.value));
      makeFile(name, path);
      value.value = path;
    },
  });
  return String(document);
}

function makeFile(key: string, path: string): void {
  const certificates: Record<string, string> = { ca: "ca.pem", cert: "client.pem", key: "client.key" };
  const contents: Record<string, string> = {
    predefined_file: "*,sensors/boiler,1\n",
    credentials_file: "- { client: boiler, username: heating, password: secret }\n",
  };
  if (certificates[key] !== undefined) copyFileSync(join(CERTIFICATES, certificates[key]), path);
  else writeFileSync(path, contents[key] ?? "c2VjcmV0LXNlY3JldC1zZWNyZXQ=\n", { mode: 0o600 });
}
