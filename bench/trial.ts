import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encode } from "../src/sn/encode.ts";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Job, Mode, Outcome, Result } from "./job.ts";

const GATEWAY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const GENERATOR = fileURLToPath(new URL("generator.js", import.meta.url));

const START_MS_MAX = 10_000;

/** On top of warm-up and measured time: connecting 10,000 nodes, with retries. */
const SET_UP_MS_MAX = 120_000;

/** Mosquitto as it comes, but with room for the load, also for one subscriber to all of it, and without Nagle's delays, which would
 * make the closed loop wait. */
function brokerConfiguration(port: number): string {
  return [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence false",
    "max_queued_messages 100000",
    "max_inflight_messages 1000",
    "set_tcp_nodelay true",
    "log_dest stderr",
    "log_type error",
    "",
  ].join("\n");
}

async function startBroker(port: number): Promise<Child> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const file = join(directory, "mosquitto.conf");
    writeFileSync(file, brokerConfiguration(port));
    const broker = await Child.start("mosquitto", ["-c", file]);
    const giveUpAt = Date.now() + START_MS_MAX;
    while (!(await answers(port))) {
      broker.assertRunning("mosquitto");
      if (Date.now() > giveUpAt) throw new Error(`mosquitto does not listen on port ${port}`);
      await delay(20);
    }
    return broker;
  } finally {
    // Mosquitto reads its configuration once.
    rmSync(directory, { recursive: true, force: true });
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    // Not listening yet.
    return false;
  } finally {
    socket.destroy();
  }
}

/** The gateway has to have its port before the nodes take theirs, of which one could be the same. */
async function startGateway(port: number, brokerPort: number, clientsMax: number): Promise<Child> {
  const broker = ["-b", `mqtt://127.0.0.1:${brokerPort}`];
  const listen = ["-l", `udp://127.0.0.1:${port}`, "--clients-max", String(clientsMax)];
  const log = ["--log-level", "warn", "--log-format", "json"];
  const state = ["--state-path", "memory:"];
  const gateway = await Child.start(process.execPath, [GATEWAY, "run", ...broker, ...listen, ...log, ...state]);
  const socket = createSocket("udp4");
  // Nobody is there yet.
  socket.on("error", () => undefined);
  socket.connect(port, "127.0.0.1");
  let listens = false;
  socket.once("message", () => {
    listens = true;
  });
  await once(socket, "connect");
  try {
    const giveUpAt = Date.now() + START_MS_MAX;
    for (;;) {
      // A stranger's ping is answered with DISCONNECT.
      socket.send(encode({ type: "PINGREQ", clientId: "" }));
      await delay(50);
      if (listens) return gateway;
      gateway.assertRunning("the gateway");
      if (Date.now() > giveUpAt) throw new Error(`the gateway does not answer on port ${port}`);
    }
  } finally {
    socket.close();
  }
}

async function generate(job: Job): Promise<Result> {
  const timeoutMs = SET_UP_MS_MAX + job.warmUpMs + job.measureMs;
  const generator = fork(GENERATOR, { timeout: timeoutMs, killSignal: "SIGKILL" });
  const ended = once(generator, "exit");
  const answered = once(generator, "message") as Promise<[Outcome]>;
  generator.send(job);
  const [first] = await Promise.race([answered, ended]);
  await ended;
  if (first === null || typeof first !== "object") throw new Error(`the load generator ended: ${first ?? "too slow"}`);
  const outcome = first as Outcome;
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.result;
}

/** One measurement, with a broker, a gateway and a load generator of its own. */
export async function runTrial(mode: Mode, nodes: number, warmUpMs: number, measureMs: number): Promise<Result> {
  let broker: Child | undefined;
  let gateway: Child | undefined;
  try {
    const brokerPort = await freePort("tcp");
    const gatewayPort = await freePort("udp");
    broker = await startBroker(brokerPort);
    gateway = await startGateway(gatewayPort, brokerPort, Math.max(10_000, 2 * nodes));
    return await generate({
      mode,
      nodes,
      warmUpMs,
      measureMs,
      gatewayPort,
      gatewayPid: gateway.pid,
      brokerPort,
      brokerPid: broker.pid,
    });
  } catch (error) {
    // The cause, where the load failed because of it.
    broker?.assertRunning("mosquitto");
    gateway?.assertRunning("the gateway");
    throw error;
  } finally {
    await gateway?.stop();
    await broker?.stop();
  }
}
