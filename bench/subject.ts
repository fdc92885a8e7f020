import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encode } from "../src/sn/encode.ts";
import { Child } from "./child.ts";

const GATEWAY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const BARE = fileURLToPath(new URL("bare.js", import.meta.url));

const START_MS_MAX = 10_000;

/** What stands between the nodes and the broker: this gateway, the bare relay, or the `dist/cli/main.js` of another checkout. */
export type Subject = { kind: "gateway"; main?: string } | { kind: "bare" };

interface SubjectPlace {
  udpPort: number;
  brokerPort: number;
  clientsMax: number;
  /** The folder for its state, and its status page on, as it is by default; without, it has its state in memory and no page. */
  stateFolder?: string | undefined;
}

function command(subject: Subject, { udpPort, brokerPort, clientsMax, stateFolder }: SubjectPlace): string[] {
  if (subject.kind === "bare") return [BARE, String(udpPort), String(brokerPort)];
  const places = ["-b", `mqtt://127.0.0.1:${brokerPort}`, "-l", `udp://127.0.0.1:${udpPort}`];
  const log = ["--log-level", "warn", "--log-format", "json"];
  const state = ["--state-path", stateFolder ?? "memory:", "--clients-max", String(clientsMax)];
  const page = ["--http-listen", stateFolder === undefined ? "" : "127.0.0.1:0"];
  return [subject.main ?? GATEWAY, "run", ...places, ...log, ...state, ...page];
}

/** Starts it. Resolves when it has its port: before that the nodes must not take theirs, of which one could be the same. */
export async function startSubject(subject: Subject, place: SubjectPlace): Promise<Child> {
  const child = await Child.start(process.execPath, command(subject, place));
  const socket = createSocket("udp4");
  // Nobody is there yet.
  socket.on("error", () => undefined);
  socket.connect(place.udpPort, "127.0.0.1");
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
      if (listens) return child;
      child.assertRunning("the gateway");
      if (Date.now() > giveUpAt) throw new Error(`the gateway does not answer on port ${place.udpPort}`);
    }
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    socket.close();
  }
}
