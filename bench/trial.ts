import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { freePort } from "./free-port.ts";
import type { Job, Outcome } from "./job.ts";
import type { Mode } from "./modes.ts";
import { processTree, residentOctets } from "./process-figures.ts";
import { startMosquitto } from "./start-mosquitto.ts";
import { type Subject, startSubject } from "./subject.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const GENERATOR = fileURLToPath(new URL("generator.js", import.meta.url));

/** On top of warm-up and measured time: connecting 10,000 nodes, with retries, and telling of them; the steps of an open loop. */
const OTHER_MS_MAX = 240_000;

/** What the gateway may have more clients than nodes: those that `connect` does not count, and some room. */
const OTHER_CLIENTS = 1000;

/** When a gateway that has nothing to do is looked at. */
const AT_REST_MS = 5000;

async function generate(job: Job): Promise<Figures> {
  const timeoutMs = OTHER_MS_MAX + job.warmUpMs + job.measureMs;
  const generator = fork(GENERATOR, { timeout: timeoutMs, killSignal: "SIGKILL" });
  const ended = once(generator, "exit");
  const answered = once(generator, "message") as Promise<[Outcome]>;
  generator.send(job);
  const [first] = await Promise.race([answered, ended]);
  await ended;
  if (first === null || typeof first !== "object") throw new Error(`the load generator ended: ${first ?? "too slow"}`);
  const outcome = first as Outcome;
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.figures;
}

/** One measurement, with a broker, a gateway and a load generator of its own. */
export async function runTrial(
  subject: Subject,
  mode: Mode,
  nodes: number,
  warmUpMs: number,
  measureMs: number,
): Promise<Figures> {
  let broker: Child | undefined;
  let gateway: Child | undefined;
  let state: TemporaryFolder | undefined;
  try {
    const brokerPort = await freePort("tcp");
    const gatewayPort = await freePort("udp");
    broker = await startMosquitto(brokerPort);
    const startedAt = performance.now();
    const clientsMax = Math.max(10_000, nodes + OTHER_CLIENTS);
    state = mode.kind === "base" && mode.byDefault ? new TemporaryFolder("bench-state-") : undefined;
    const place = { udpPort: gatewayPort, brokerPort, clientsMax, stateFolder: state?.path };
    gateway = await startSubject(subject, place);
    if (mode.kind === "base") {
      const seconds = (performance.now() - startedAt) / 1000;
      await delay(AT_REST_MS - 1000 * seconds);
      return { seconds, gatewayMib: residentOctets(processTree(gateway.pid)) / 2 ** 20 };
    }
    const gatewayPids = processTree(gateway.pid);
    return await generate({
      mode,
      nodes,
      warmUpMs,
      measureMs,
      gatewayPort,
      gatewayPids,
      brokerPort,
      brokerPids: [broker.pid],
    });
  } catch (error) {
    // The cause, where the load failed because of it.
    broker?.assertRunning("mosquitto");
    gateway?.assertRunning("the gateway");
    throw error;
  } finally {
    await gateway?.stop();
    await broker?.stop();
    state?.remove();
  }
}
