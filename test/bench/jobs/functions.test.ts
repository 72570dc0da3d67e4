/** The cases of stateful functions do what they say: as many messages as records, pairs in two threads where they are to be, and figures of what they measure. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamExecutionEnvironment } from "millrace";
import type { JobDefinition } from "millrace";
import { expect, test } from "vitest";
import type { BenchCase, Figures } from "../../../bench/case.ts";
import fanOut, { functionsFanOut } from "../../../bench/jobs/functions-fan-out.ts";
import greeter, { functionsGreeter } from "../../../bench/jobs/functions-greeter.ts";
import hop, { functionsHop } from "../../../bench/jobs/functions-hop.ts";
import idle, { functionsIdle } from "../../../bench/jobs/functions-idle.ts";
import pingPong, { functionsPingPong, homeOf, pairOf } from "../../../bench/jobs/functions-ping-pong.ts";

interface Ran {
  /** That functions have got. */
  readonly messages: number;
  readonly figures: Figures;
}

async function run(job: JobDefinition, bench: BenchCase, records: number): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-test-"));
  try {
    const env = StreamExecutionEnvironment.create({ ...bench.config });
    await job.build(env, [String(records), directory, ...(bench.args ?? [])]);
    const client = await env.executeAsync(job.name);
    await client.result();
    const counts = client.metrics().filter(({ scope, name }) => name === "in" && scope.groups?.[0] === "functions");
    const messages = counts.reduce((sum, { value }) => sum + Number(value), 0);
    return { messages, figures: bench.figures?.(directory) ?? {} };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const counted: readonly { readonly job: JobDefinition; readonly bench: BenchCase }[] = [
  { job: greeter, bench: functionsGreeter },
  ...functionsPingPong.map((bench) => ({ job: pingPong, bench })),
  { job: fanOut, bench: functionsFanOut },
];

test.each(counted)("$bench.name: a record is a message that a function gets", async ({ job, bench }) => {
  const records = 14_000; // of seven messages per question, and of two or more per pair
  expect((await run(job, bench, records)).messages).toBe(records);
});

test("local pairs share a subtask; of the others every second one is parted", () => {
  const parted = (distance: Parameters<typeof pairOf>[1]): number =>
    Array.from({ length: 100 }, (_, index) => pairOf(index, distance)).filter(
      ({ ping, pong }) => homeOf(ping) !== homeOf(pong),
    ).length;
  expect([parted("local"), parted("half remote")]).toEqual([0, 50]);
});

test("a hop takes a while, and two messages", async () => {
  const { messages, figures } = await run(hop, functionsHop, 100);
  expect(messages).toBe(200);
  expect(figures["p50 (ms)"]).toBeGreaterThan(0);
  expect(figures["p99 (ms)"]).toBeGreaterThanOrEqual(figures["p50 (ms)"] ?? Infinity);
});

test("an idle instance weighs something, but less than a kilobyte", async () => {
  const { figures } = await run(idle, functionsIdle, 20_000);
  expect(figures["instances"]).toBe(20_000);
  expect(figures["heap per instance (bytes)"]).toBeGreaterThan(50);
  expect(figures["heap per instance (bytes)"]).toBeLessThan(1_000);
});
