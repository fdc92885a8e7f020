import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { HttpServer, type HttpServerOptions } from "../../src/http/http-server.ts";
import { SseReader } from "./sse-reader.ts";

interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

const FILES = {
  "index.html": "<title>overview</title>",
  "client.html": "<title>client</title>",
  "login.html": "<title>login</title>",
  "style.css": "body {}",
  "overview.js": "export const one = 1;\n".repeat(100),
  "secret.txt": "not for anybody",
};

/** A server with a source that a test makes up, on a free port, until the test ends. */
export class HttpSite {
  readonly server: HttpServer;
  readonly port: number;
  readonly failures: unknown[];
  readonly wrongTokens: string[];

  private constructor(server: HttpServer, port: number, failures: unknown[], wrongTokens: string[]) {
    this.server = server;
    this.port = port;
    this.failures = failures;
    this.wrongTokens = wrongTokens;
  }

  static async start(options: Pick<HttpServerOptions, "source"> & Partial<HttpServerOptions>): Promise<HttpSite> {
    const folder = mkdtempSync(join(tmpdir(), "http-site-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
    const failures: unknown[] = [];
    const wrongTokens: string[] = [];
    const server = new HttpServer({
      folders: {
        page: pathToFileURL(`${folder}/`),
        openApi: new URL("../../docs/openapi.yaml", import.meta.url),
      },
      streamsMax: 50,
      token: undefined,
      hosts: [],
      onWrongToken: (address) => wrongTokens.push(address),
      onFailure: (error) => failures.push(error),
      ...options,
    });
    const port = await server.listen("127.0.0.1", 0);
    onTestFinished(() => server.close());
    return new HttpSite(server, port, failures, wrongTokens);
  }

  /** The whole answer to a request. */
  async ask(path: string, asked: Asked = {}): Promise<Answered> {
    const response = await this.#response(path, asked);
    return { status: response.statusCode!, headers: response.headers, body: await text(response) };
  }

  /** What an answer in JSON says. */
  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.ask(path)).body) as T;
  }

  /** Reads a stream until the test ends. */
  async read(path: string): Promise<SseReader> {
    const response = await this.#response(path, {});
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${await text(response)}`);
    return new SseReader(response);
  }

  #response(path: string, { method = "GET", headers = {}, body }: Asked): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: this.port, path, method, headers, agent: false }, resolve);
      sent.on("error", reject);
      onTestFinished(() => void sent.destroy());
      sent.end(body);
    });
  }
}
