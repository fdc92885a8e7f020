import { defineConfig } from "vitest/config";

// Of its own: `npm test` measures nothing.
export default defineConfig({
  test: { benchmark: { include: ["bench/micro/**/*.bench.ts"] }, maxWorkers: 1 },
});
