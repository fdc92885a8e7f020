import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { GatewayProcess, stop } from "./gateway-process.ts";
import { anonymousMiB } from "./resident-memory.ts";
import { SmallBroker } from "./small-broker.ts";

/** What the gateway takes of its own when it has started, without what belongs to the Node that runs it. It is 26. */
const ANONYMOUS_MIB_MAX = 30;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "small-start-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Everything that is there by default. */
async function usual(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const broker = await SmallBroker.start();
  const flags = ["run", "-b", broker.url, "-l", "udp://127.0.0.1:0", ...args];
  const gateway = new GatewayProcess(flags, environment);
  await gateway.line("gateway.ready");
  return gateway;
}

/** The packages, and the folders of the program, that a process has loaded anything of until its end. */
function loaded(coverage: string): Set<string> {
  const scripts = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), "utf8")) as { result: { url: string }[] };
    return result.map(({ url }) => /\/node_modules\/([^/@]+|@[^/]+\/[^/]+)\/|\/dist\/(\w+)\//.exec(url));
  });
  return new Set(scripts.flatMap((found) => found?.[1] ?? found?.[2] ?? []));
}

describe("a gateway that has started", () => {
  test(`takes no more than ${ANONYMOUS_MIB_MAX} MiB of its own, with the status page and what is kept on disk`, async () => {
    const environment = { MQTTSN_STATE_PATH: folder(), MQTTSN_HTTP_LISTEN: "127.0.0.1:0" };
    const gateway = await usual([], environment);
    expect(anonymousMiB(gateway)).toBeLessThan(ANONYMOUS_MIB_MAX);
  });

  test("has loaded nothing that it has no use for", async () => {
    const coverage = folder();
    const gateway = await usual([], { NODE_V8_COVERAGE: coverage });
    await stop(gateway);
    const names = loaded(coverage);
    expect(names).toContain("gateway");
    expect(names).toContain("mqtt-packet");
    const unused = [
      "yaml",
      "pino-pretty",
      "ws",
      "aedes",
      "classic-level",
      "prom-client",
      "cli-progress",
      "http",
      "store",
    ];
    expect(unused.filter((name) => names.has(name))).toEqual([]);
  });

  test("has loaded what it was told to use, and the metrics only when somebody asks for them", async () => {
    const coverage = folder();
    const config = join(folder(), "gateway.yaml");
    writeFileSync(config, "log: { level: info }\n");
    const gateway = await usual(["--config", config], {
      NODE_V8_COVERAGE: coverage,
      MQTTSN_STATE_PATH: folder(),
      MQTTSN_HTTP_LISTEN: "127.0.0.1:0",
    });
    await stop(gateway);
    const names = loaded(coverage);
    const used = ["yaml", "classic-level", "http", "store"];
    expect(used.filter((name) => !names.has(name))).toEqual([]);
    expect(names).not.toContain("prom-client");
  });
});
