import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

const PROGRAM = fileURLToPath(new URL("./group-client.py", import.meta.url));

/** A datagram that a client heard: in its group, or as the one who asked. */
export interface Heard {
  at: "group" | "asker";
  version: 4 | 6;
  /** Its source. */
  from: string;
  port: number;
  /** Its TTL or hop limit when it came. */
  hops: number;
  message: Message;
}

/** What makes a client, and where it is. */
export interface GroupClientOptions {
  /** A command that becomes the one that it is given. */
  within: readonly string[];
  address: string;
  interface: string;
  group4: string;
  /** `none` for a client without IPv6. */
  group6: string;
  port: number;
}

/** A client on a host of its own, in Python: Node does not tell how many hops a datagram may still go. */
export class GroupClient {
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;
  #isReady = false;
  #text = "";
  #errors = "";

  /** Starts one, and waits until it listens. */
  static async start(options: GroupClientOptions): Promise<GroupClient> {
    const client = new GroupClient(options);
    await vi.waitFor(
      () => {
        if (!client.#isReady) throw new Error(`the client has not started: ${client.#errors}`);
      },
      { timeout: 20_000, interval: 20 },
    );
    return client;
  }

  private constructor(options: GroupClientOptions) {
    const { within, address, group4, group6, port } = options;
    const args = ["python3", PROGRAM, address, options.interface, group4, group6, String(port)];
    const [command, ...rest] = [...within, ...args];
    this.#child = spawn(command!, rest, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout!.on("data", (octets: Buffer) => this.#onText(String(octets)));
    this.#child.stderr!.on("data", (octets: Buffer) => {
      this.#errors += octets;
    });
    // It may be gone before the last search is written.
    this.#child.stdin!.on("error", () => {});
    onTestFinished(() => this.stop());
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  /** Sends SEARCHGW to the group of an IP version. */
  search(version: 4 | 6, radius: number): void {
    const octets = Buffer.from(encode({ type: "SEARCHGW", radius })).toString("hex");
    this.#child.stdin!.write(`${version} ${octets}\n`);
  }

  /** Searches again and again, as clients do, until the first GWINFO is there, in the group and as the asker. */
  async find(version: 4 | 6, radius: number): Promise<Record<"group" | "asker", Heard>> {
    return vi.waitFor(
      () => {
        const found = { group: this.gwInfo(version, "group"), asker: this.gwInfo(version, "asker") };
        if (found.group === undefined || found.asker === undefined) {
          this.search(version, radius);
          throw new Error(`no GWINFO among ${JSON.stringify(this.heard)}${this.#errors}`);
        }
        return found as Record<"group" | "asker", Heard>;
      },
      { timeout: 20_000, interval: 250 },
    );
  }

  gwInfo(version: 4 | 6, at: Heard["at"]): Heard | undefined {
    return this.heard.find((each) => each.message.type === "GWINFO" && each.version === version && each.at === at);
  }

  /** The first ADVERTISE of this gateway by an IP version. */
  async advertise(version: 4 | 6, gwId: number): Promise<Heard> {
    return vi.waitFor(
      () => {
        const found = this.heard.find(
          ({ message, ...each }) => message.type === "ADVERTISE" && message.gwId === gwId && each.version === version,
        );
        if (found === undefined) throw new Error(`no ADVERTISE of ${gwId} among ${JSON.stringify(this.heard)}`);
        return found;
      },
      { timeout: 20_000, interval: 20 },
    );
  }

  #onText(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop()!;
    for (const line of lines) {
      const { octets, ...heard } = JSON.parse(line);
      if (heard.at === "ready") this.#isReady = true;
      else this.heard.push({ ...heard, message: decode(Buffer.from(octets, "hex")) });
    }
  }
}
