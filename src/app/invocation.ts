import { basename, relative } from "node:path";

/** The command as this process was started with it, for sentences that tell the user what to type. */
export function programInvocation(): string {
  const script = process.argv[1] ?? "";
  if (basename(script) === "mqtt-sn-gateway") return "mqtt-sn-gateway";
  const path = relative(process.cwd(), script);
  return `node ${path.startsWith("..") ? script : path}`;
}

/** The same up to the flags of `run`; `npm start` takes flags after two dashes. */
export function runInvocation(): string {
  return process.env.npm_lifecycle_event === "start" ? "npm start --" : `${programInvocation()} run`;
}
