import { expect, onTestFinished, test, vi } from "vitest";
import { YesGateway, yes } from "../app/yes-gateway.ts";
import { GatewayProcess, runToEnd, stop } from "./gateway-process.ts";

async function open(): Promise<{ gateway: YesGateway; url: string }> {
  const gateway = new YesGateway();
  const url = `udp://127.0.0.1:${await gateway.open()}`;
  onTestFinished(() => gateway.close());
  return { gateway, url };
}

test("P2 publish says that a message of QoS 0 was refused, and ends with 1", async () => {
  const { gateway, url } = await open();
  gateway.answer = (message) =>
    message.type === "PUBLISH" ? { type: "PUBACK", topicId: message.topicId, msgId: 0, returnCode: 2 } : yes(message);
  expect(await runToEnd(["publish", "--gateway", url, "--predefined", "77", "--message", "hi"])).toEqual({
    code: 1,
    stdout: "",
    stderr: `not published: the gateway at ${url} refused: it does not know this topic id (0x02)\n`,
  });
});

test("subscribe says that the connection was lost, and that it is there again", async () => {
  const { gateway, url } = await open();
  const subscriber = new GatewayProcess(["subscribe", "--gateway", url, "--topic", "a"]);
  await vi.waitFor(() => expect(gateway.heard.some(({ type }) => type === "SUBSCRIBE")).toBe(true), 20_000);
  gateway.send({ type: "DISCONNECT", duration: undefined });
  await vi.waitFor(() => {
    expect(subscriber.stderr).toBe(
      `the gateway at ${url} ended the connection; connecting again\nconnected again to the gateway at ${url}\n`,
    );
  }, 20_000);
  await stop(subscriber);
});
