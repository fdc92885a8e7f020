import type { OptionValues } from "../configuration/options.ts";
import type { Log } from "./log.ts";

/** What is open besides one connection to the broker for each client: listeners, the store, the status page and who looks at it. */
const OTHER_FILES = 100;

/**
 * Tells what to do where fewer files may be open than clients may be connected; `filesMax` is undefined where nobody knows. The broker
 * inside the gateway is reached without a socket.
 */
export function reportOpenFiles(
  { "broker.url": brokerUrl, "clients.max": clientsMax }: Pick<OptionValues, "broker.url" | "clients.max">,
  filesMax: number | undefined,
  log: Log,
): void {
  if (brokerUrl === "embedded:") return;
  const needed = clientsMax + OTHER_FILES;
  if (filesMax === undefined || needed <= filesMax) return;
  const room = Math.max(0, filesMax - OTHER_FILES);
  const what = `clients.max is ${clientsMax}, and this process may have ${filesMax} files open, which is enough for some ${room} clients`;
  const remedy = `raise LimitNOFILE of the unit to ${needed}, or the hard limit (ulimit -Hn), or lower clients.max`;
  log.warn(
    "gateway.open-files",
    { clientsMax, filesMax },
    `${what}: more will be refused. To have them all, ${remedy}`,
  );
}
