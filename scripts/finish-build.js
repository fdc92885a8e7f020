// What the compiler leaves to do: the command can be run, and the status page has what is not a program.
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from "node:fs";

const page = new URL("../src/page/", import.meta.url);
const built = new URL("../dist/page/", import.meta.url);

chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
mkdirSync(built, { recursive: true });
for (const name of readdirSync(page)) {
  if (/\.(html|css|svg)$/.test(name)) copyFileSync(new URL(name, page), new URL(name, built));
}
// The gateway serves the description of its API.
copyFileSync(new URL("../docs/openapi.yaml", import.meta.url), new URL("../dist/http/openapi.yaml", import.meta.url));
