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
          include: ["test/{adapters,process,interop,field}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
