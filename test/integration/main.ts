/**
 * `npm run test:integration`: everything with real servers. `-- --full`: also what takes many minutes, such as thirty kills in place of five, and clusters of three brokers. What else is given goes on to vitest.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const VITEST = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
const given = process.argv.slice(2);
const isFull = given.includes("--full");
const { status } = spawnSync(
  process.execPath,
  [VITEST, "run", "--project", "integration", ...given.filter((argument) => argument !== "--full")],
  { stdio: "inherit", env: { ...process.env, ...(isFull ? { MILLRACE_FULL: "1" } : {}) } },
);
process.exitCode = status ?? 1;
