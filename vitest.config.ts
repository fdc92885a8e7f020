import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "in memory",
          include: ["test/*.test.ts", "test/{sn,gateway,device,app,sim,fuzz}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        // Sockets, and processes started from dist/: `npm test` builds it first.
        test: {
          name: "on sockets",
          include: ["test/{adapters,process,field}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The same with brokers of others. These tests wait more than they work: some of them do so at once, also on a small machine, and
        // apart from those that measure something.
        test: {
          name: "with brokers",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
          maxConcurrency: 10,
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 1 },
        },
      },
      {
        // The status page in a real Chromium: one for all tests, which wait more than they work.
        test: {
          name: "in a browser",
          include: ["test/page/**/*.test.ts"],
          globalSetup: "test/page/browser-server.ts",
          testTimeout: 60_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // Packages are built and installed: work for every core, after those that measure something.
        test: {
          name: "packages",
          include: ["test/packaging/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
