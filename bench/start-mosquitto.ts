import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Child } from "./child.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const START_MS_MAX = 10_000;

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

/** Starts Mosquitto at this port of 127.0.0.1. Resolves when it is there. */
export async function startMosquitto(port: number): Promise<Child> {
  const directory = new TemporaryFolder("bench-");
  try {
    const file = join(directory.path, "mosquitto.conf");
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
    directory.remove();
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
