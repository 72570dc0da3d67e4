/** `millrace run` on threads: a TypeScript job, whose bundle is there for every thread that starts, and gone at the end. */
// covers: core/cluster/cli/run.ts, core/cluster/cli/bundle.ts, core/cluster/cli/load-job.ts
import { existsSync, mkdirSync, readdirSync, rmdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { millrace, rowsIn, start, until, visibleFiles, workshop } from "./command.ts";

vi.setConfig({ testTimeout: 60_000 });

const JOBS: Readonly<Record<string, string>> = {
  "sums.ts": `import { defineJob, WatermarkStrategy } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { fileSink, ndjson } from "millrace/connectors/files";
import { unlucky } from "./unlucky.ts";
export default defineJob("sums", (env, [out = "", rate = "3000", marker = ""]) => {
  const source = dataGenerator({ count: 1_200, splits: 4, ratePerSecond: Number(rate), generate: (n: number) => n });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
    .map(unlucky(marker))
    .keyBy((n) => n % 12)
    .reduce((left, right) => left + right)
    .sinkTo(fileSink({ path: out, format: ndjson<number>() }));
});`,
  "unlucky.ts": `import { writeFileSync } from "node:fs";
export function unlucky(marker: string): (n: number) => number {
  return (n) => {
    if (n === 600 && marker !== "") endOnce(marker);
    return n;
  };
}
function endOnce(marker: string): void {
  try {
    writeFileSync(marker, "", { flag: "wx" });
  } catch {
    return;
  }
  setTimeout(() => {
    throw new Error("out of luck");
  }, 0);
}`,
  "lost.ts": `import { isMainThread } from "node:worker_threads";
import { defineJob } from "millrace";
if (!isMainThread) throw new Error("only for the main thread");
export default defineJob("lost", (env) => void env.fromData(1).print());`,
};

const BUSY = [
  "execution.checkpointing.interval=50ms",
  "restart-strategy.type=fixed-delay",
  "restart-strategy.fixed-delay.delay=0ms",
].flatMap((pair) => ["--config", pair]);
const THREADS = ["--parallelism", "4", "--task-managers", "2", "--slots", "2"];

let shop: ReturnType<typeof workshop>;
const at = (name: string): string => join(shop.path, name);
const cached = (): boolean => existsSync(at("node_modules"));

/** The sums of every key as they grow, as lines, sorted. */
function expectedRows(): readonly string[] {
  const sums = new Array<number>(12).fill(0);
  return Array.from({ length: 1_200 }, (_, n) => {
    sums[n % 12] = (sums[n % 12] ?? 0) + n;
    return String(sums[n % 12]);
  }).toSorted();
}

beforeAll(() => {
  shop = workshop({ ...JOBS, "package.json": "{}" });
});
afterAll(() => shop.remove());

describe("a TypeScript job on threads", () => {
  test("writes its rows, also if a thread ends on the way: the next one imports the same bundle", async () => {
    const args = ["run", "sums.ts", ...THREADS, ...BUSY, "--", at("out"), "3000", at("marker")];
    const { code, stdout, stderr } = await millrace(args, { cwd: shop.path });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^sums: \d+ records in .*, \d+ checkpoints?, 1 restart\n$/);
    expect(stderr).toMatch(/slot taskmanager-[12]\/[01]\.\d+ ended by an error that nobody caught: out of luck/);
    expect(rowsIn(at("out"))).toEqual(expectedRows());
    expect(cached()).toBe(false);
  });

  test("is cancelled by Ctrl-C, and leaves neither a bundle nor unfinished files", async () => {
    const running = start(["run", "sums.ts", ...THREADS, ...BUSY, "--", at("stopped"), "100"], { cwd: shop.path });
    await until(() => existsSync(at("stopped")) && visibleFiles(at("stopped")).length > 0);
    expect(cached()).toBe(true);
    running.signal("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('millrace: job "sums" was cancelled\n');
    expect(cached()).toBe(false);
  });

  test("keeps its bundle however long it runs; what a command that was killed has left goes", async () => {
    const running = start(["run", "sums.ts", ...THREADS, "--", at("long"), "100"], { cwd: shop.path });
    const cache = at("node_modules/.cache/millrace");
    await until(() => existsSync(at("long")));
    const [bundle = ""] = readdirSync(cache);
    writeFileSync(join(cache, "0123456789abcdef-4194305.mjs"), ""); // no process has such a number
    mkdirSync(join(cache, "of-somebody-else"));
    for (const name of readdirSync(cache)) utimesSync(join(cache, name), 0, 0);
    expect((await millrace(["explain", "lost.ts"], { cwd: shop.path })).code).toBe(0);
    expect(readdirSync(cache)).toEqual([bundle, "of-somebody-else"]);
    rmdirSync(join(cache, "of-somebody-else"));
    running.signal("SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(cached()).toBe(false);
  });

  test("fails with a sentence if its module cannot run in a thread", async () => {
    const { code, stderr } = await millrace(["run", "lost.ts", "--slots", "1"], { cwd: shop.path });
    expect(code).toBe(1);
    expect(stderr).toContain('millrace: job "lost" failed: MR7011: slot taskmanager-1/0.1 cannot build the job from ');
    expect(stderr).toContain("only for the main thread");
    expect(cached()).toBe(false);
  });

  test("is refused with numbers of slots that are none", async () => {
    const { code, stderr } = await millrace(["run", "sums.ts", "--slots", "0"], { cwd: shop.path });
    expect(code).toBe(2);
    expect(stderr).toBe('millrace: MR2108: --slots must be a whole number, 1 or more, not "0"\n');
    expect((await millrace(["run", "sums.ts", "--task-managers", "some"], { cwd: shop.path })).code).toBe(2);
  });
});
