import { expect, test } from "vitest";
import { firstSteps } from "../../src/app/first-steps.ts";

const COMMAND = "node dist/cli/main.js";
const brokerUrl = "mqtt://127.0.0.1:1883";
const pageUrl = "http://127.0.0.1:9884/";

test("where the gateway listens at the usual place the commands need no address", () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const text = firstSteps({ command: COMMAND, listener: { host, port: 1883 }, brokerUrl, pageUrl });
    expect(text).toContain("    node dist/cli/main.js subscribe --topic greetings\n");
    expect(text).toContain("    node dist/cli/main.js publish --topic greetings --message hello\n");
    expect(text).toContain(brokerUrl);
    expect(text).toContain(pageUrl);
  }
});

test.each([
  ["127.0.0.1", 1884, "udp://127.0.0.1:1884"],
  ["0.0.0.0", 1884, "udp://127.0.0.1:1884"],
  ["::", 1883, "udp://[::1]:1883"],
  ["192.0.2.7", 1883, "udp://192.0.2.7:1883"],
])("where it listens at %s, port %d, they name %s", (host, port, gateway) => {
  const text = firstSteps({ command: COMMAND, listener: { host, port }, brokerUrl, pageUrl });
  expect(text).toContain(`publish --gateway ${gateway} --topic`);
  expect(text).toContain(`subscribe --gateway ${gateway} --topic`);
});

test("where there is no status page none is named", () => {
  const listener = { host: "127.0.0.1", port: 1883 };
  expect(firstSteps({ command: COMMAND, listener, brokerUrl, pageUrl: undefined })).not.toMatch(/browser|undefined/);
});
