import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { HttpServer } from "../../src/http/http-server.ts";
import { MadeUpSource } from "./made-up-source.ts";

test("a place that is free at last is listened at, and nothing is left of the attempts before", async () => {
  const occupant = createServer().listen(0, "127.0.0.1");
  await once(occupant, "listening");
  const { port } = occupant.address() as AddressInfo;
  const warn = vi.spyOn(process, "emitWarning");
  onTestFinished(() => warn.mockRestore());
  const nowhere = new URL("./", import.meta.url);
  const server = new HttpServer({
    source: new MadeUpSource(),
    folders: { page: nowhere, openApi: nowhere },
    streamsMax: 1,
    token: undefined,
    hosts: [],
    onWrongToken: () => {},
    onFailure: () => {},
  });
  onTestFinished(() => server.close());
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await expect(server.listen("127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  }
  occupant.close();
  await once(occupant, "close");
  expect(await server.listen("127.0.0.1", port)).toBe(port);
  expect(warn).not.toHaveBeenCalled();
});
