/** The benchmark with Kafka runs, and what its parts wrote is all there: a quick run, whose figures mean nothing. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const COMMAND = fileURLToPath(new URL("../../../dist/bench/kafka/run.js", import.meta.url));

test.skipIf(servers.length === 0)("npm run bench:kafka -- --quick", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-kafka-"));
  try {
    const file = join(folder, "result.json");
    const options = ["--quick", "--seconds", "1", "--servers", servers.join(","), "--json", file];
    await promisify(execFile)(process.execPath, [COMMAND, ...options]);
    const result = JSON.parse(readFileSync(file, "utf8")) as { rows: unknown[]; latencies: unknown[] }; // what run.ts writes
    expect(result.rows).toHaveLength(8);
    expect(result.latencies).toHaveLength(3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
