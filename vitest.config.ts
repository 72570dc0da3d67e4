/**
 * Which tests there are: `unit` (everything below test/ and examples/ that needs no server), `tidy` (the rules over the sources) and `integration` (real servers).
 *
 * `MILLRACE_REPORT=<file>` writes the results there as JSON, from which `.ci/run` takes its totals.
 */
import { defineConfig } from "vitest/config";
import type { ViteUserConfigExport } from "vitest/config";

const report = process.env["MILLRACE_REPORT"];

const config: ViteUserConfigExport = defineConfig({
  test: {
    // Vitest would leave one core idle, of two.
    maxWorkers: "100%",
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: ["test/integration/**"],
          testTimeout: 60_000,
        },
      },
      { test: { name: "tidy", include: [".ci/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/integration/kafka/shared-kafka.ts"],
          testTimeout: 120_000,
        },
      },
    ],
  },
});

export default config;
