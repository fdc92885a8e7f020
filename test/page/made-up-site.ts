import { onTestFinished } from "vitest";
import { HttpServer } from "../../src/http/http-server.ts";
import { MadeUpGateway } from "./made-up-gateway.ts";

const FOLDERS = {
  page: new URL("../../dist/page/", import.meta.url),
  openApi: new URL("../../docs/openapi.yaml", import.meta.url),
};

/** The real server with a gateway that is made up. It is closed with the test. */
export async function madeUpSite(streamsMax = 50): Promise<{ gateway: MadeUpGateway; url: string }> {
  const gateway = new MadeUpGateway();
  const failures: unknown[] = [];
  const server = new HttpServer({
    source: gateway,
    folders: FOLDERS,
    streamsMax,
    token: undefined,
    hosts: [],
    onWrongToken: () => {},
    onFailure: (error) => failures.push(error),
  });
  const port = await server.listen("127.0.0.1", 0);
  onTestFinished(async () => {
    await server.close();
    if (failures.length > 0) throw failures[0];
  });
  return { gateway, url: `http://127.0.0.1:${port}` };
}
