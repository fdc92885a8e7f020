import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import type { AtEnd } from "../process/gateway-process.ts";
import type { Mosquitto } from "./mosquitto.ts";

const BOUND = { timeout: 10_000, interval: 5 };

/** The first of these that has Paho: the one that is found first may be another one than Debian's. */
const PYTHON = ["python3", "/usr/bin/python3"].find(
  (python) => spawnSync(python, ["-c", "import paho.mqtt.client"]).status === 0,
);

/** Programs of others that publish and subscribe: their command lines, for a broker at a port of the loopback interface. */
export interface FarEndPrograms {
  name: string;
  /** What is missing on this machine, and what says that it must not. */
  missing: { text: string; requiredBy: string } | undefined;
  /** Publishes `{"number": 1}` and so on to public/number at QoS 1. */
  numbers: (port: number, count: number) => string[][];
  /** Publishes to home/temperature at QoS 1, retained. */
  temperature: (port: number, value: string) => string[];
  /** Subscribes at QoS 2, and prints topic, QoS, Retain and message; its will is "offline" at status/CLIENT_ID, QoS 1. */
  subscriber: (port: number, clientId: string, topic: string) => string[];
}

const at = (port: number) => ["-h", "127.0.0.1", "-p", String(port)];
const script = (name: string) => fileURLToPath(new URL(`paho/${name}.py`, import.meta.url));

export const MOSQUITTO_CLIENTS: FarEndPrograms = {
  name: "mosquitto_pub and mosquitto_sub",
  missing: undefined,
  numbers: (port, count) =>
    Array.from({ length: count }, (_, index) => {
      const message = JSON.stringify({ number: index + 1 }).replace(":", ": ");
      return ["mosquitto_pub", ...at(port), "-t", "public/number", "-q", "1", "-m", message];
    }),
  temperature: (port, value) => ["mosquitto_pub", ...at(port), "-t", "home/temperature", "-q", "1", "-r", "-m", value],
  subscriber: (port, clientId, topic) => [
    ...["mosquitto_sub", ...at(port), "-i", clientId, "-t", topic, "-q", "2", "-F", "%t %q %r %p"],
    ...["--will-topic", `status/${clientId}`, "--will-payload", "offline", "--will-qos", "1"],
  ],
};

export const PAHO_CLIENTS: FarEndPrograms = {
  name: "the publisher and subscriber of a tutorial, with Paho",
  missing:
    PYTHON === undefined
      ? {
          text: "Paho for Python is not installed (on Debian: apt-get install python3-paho-mqtt)",
          requiredBy: "REQUIRE_PAHO",
        }
      : undefined,
  numbers: (port, count) => [[PYTHON!, script("publisher"), String(port), "number", String(count)]],
  temperature: (port, value) => [PYTHON!, script("publisher"), String(port), "temperature", value],
  subscriber: (port, clientId, topic) => [PYTHON!, script("subscriber"), String(port), clientId, topic],
};

/** Runs a program to its end. */
export async function runProgram([command, ...args]: string[]): Promise<void> {
  const child = spawn(command!, args, { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(code, `${command} ${args.join(" ")}`).toBe(0);
}

/** A program that subscribes, for the time of a test. */
export class FarEndSubscriber {
  readonly #child: ChildProcess;
  #printed = "";

  private constructor([command, ...args]: string[], atEnd: AtEnd) {
    this.#child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout!.on("data", (octets: Buffer) => {
      this.#printed += octets;
    });
    atEnd(() => this.kill());
  }

  /** Resolves when the broker has taken its subscription. */
  static async start(
    programs: FarEndPrograms,
    mosquitto: Mosquitto,
    topic: string,
    atEnd: AtEnd,
    clientId: string,
  ): Promise<FarEndSubscriber> {
    const subscriber = new FarEndSubscriber(programs.subscriber(mosquitto.port, clientId, topic), atEnd);
    await mosquitto.logs(new RegExp(`Sending SUBACK to ${clientId}\n`));
    return subscriber;
  }

  /** Resolves when just these lines have been printed. */
  async prints(...lines: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.#printed.split("\n").slice(0, -1)).toEqual(lines), BOUND);
  }

  /** Without a word to the broker. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
