import { expect, test } from "vitest";
import { firstSteps } from "../../src/app/first-steps.ts";

const COMMAND = "node dist/cli/main.js";
const brokerUrl = "mqtt://127.0.0.1:1883";

test("where the gateway listens at the usual place the commands need no address", () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const text = firstSteps({ command: COMMAND, listener: { host, port: 1883 }, brokerUrl });
    expect(text).toContain("    node dist/cli/main.js subscribe --topic greetings\n");
    expect(text).toContain("    node dist/cli/main.js publish --topic greetings --message hello\n");
    expect(text).toContain(brokerUrl);
  }
});

test.each([
  ["127.0.0.1", 1884, "udp://127.0.0.1:1884"],
  ["0.0.0.0", 1884, "udp://127.0.0.1:1884"],
  ["::", 1883, "udp://[::1]:1883"],
  ["192.0.2.7", 1883, "udp://192.0.2.7:1883"],
])("where it listens at %s, port %d, they name %s", (host, port, gateway) => {
  const text = firstSteps({ command: COMMAND, listener: { host, port }, brokerUrl });
  expect(text).toContain(`publish --gateway ${gateway} --topic`);
  expect(text).toContain(`subscribe --gateway ${gateway} --topic`);
});
