/**
 * Goal:   a copy of an operator's code per position changes nothing but the speed.
 * Method: the same random chains from the built package, with copies and without; and what identifies a position.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { StreamExecutionEnvironment, value } from "millrace";
import type { Collector, DataStream } from "millrace";
import { describe, expect, test } from "vitest";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { codeFingerprint, ModuleCopies } from "../../../core/runtime/copies.ts";
import { Config } from "../../../core/util/config.ts";
import { replay } from "../../harness/replay.ts";

type Step = "double" | "odd" | "twice" | "count" | "rebalance";

function apply(stream: DataStream<number>, step: Step): DataStream<number> {
  switch (step) {
    case "double":
      return stream.map((n) => n * 2);
    case "odd":
      return stream.filter((n) => n % 3 !== 0);
    case "twice":
      return stream.flatMap((n) => [n, n + 1]);
    case "rebalance":
      return stream.rebalance();
    case "count":
      return stream
        .keyBy((n) => n % 5)
        .process({
          state: { seen: value({ default: 0 }) },
          processElement(n, ctx, out: Collector<number>) {
            ctx.state.seen.update(ctx.state.seen.value() + 1);
            out.collect(n + ctx.state.seen.value());
          },
        });
  }
}

async function run(steps: readonly Step[], copies: boolean): Promise<number[]> {
  const env = StreamExecutionEnvironment.create({ "pipeline.operator-copies": copies });
  let stream: DataStream<number> = env.fromSequence(1, 40);
  for (const step of steps) stream = apply(stream, step);
  return stream.executeAndCollect();
}

describe("operator copies", () => {
  test("give the same results as the shared modules", async () => {
    const chains = fc.array(fc.constantFrom<Step>("double", "odd", "twice", "count", "rebalance"), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(chains, async (steps) => {
        expect(await run(steps, true)).toEqual(await run(steps, false));
      }),
      { numRuns: 15, ...replay },
    );
  });

  test("are told apart by the functions in the graph, not by its shape", () => {
    const fingerprint = (fn: (n: number) => number): string => {
      const env = StreamExecutionEnvironment.create();
      env.fromSequence(1, 2).map(fn).discard();
      return codeFingerprint(createJobGraph(env.getStreamGraph(), { name: "job", config: new Config() }));
    };
    expect(fingerprint((n) => n + 1)).toBe(fingerprint((n) => n + 1));
    expect(fingerprint((n) => n + 1)).not.toBe(fingerprint((n) => n + 2));
  });

  test("from sources that are not built, the shared module stands in", () => {
    const copies = new ModuleCopies({ enabled: true, job: "0" });
    let first: unknown;
    let second: unknown;
    copies.load("map", "0/0", (module) => (first = module));
    copies.load("map", "0/1", (module) => (second = module));
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(() => copies.load("nothing", "0/0", () => undefined)).toThrow(/MR3006/);
  });
});
