import { defineConfig } from "vitest/config";

export default defineConfig({
  // The folder of packages is the checkout's own.
  cacheDir: ".vite",
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["scripts/mutation/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
