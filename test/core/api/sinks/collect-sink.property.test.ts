/**
 * Goal:   with checkpointing, the client sees every value that a completed checkpoint contains exactly once, whatever is repeated.
 * Method: random writes, checkpoints that complete or are overtaken, commits that repeat after a restart or after a new job from a savepoint, at any
 *         parallelism. The model is the list of values that were written before the barrier of a completed checkpoint.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ResultStream } from "../../../../core/api/result-stream.ts";
import { CollectSink } from "../../../../core/api/sinks/collect-sink.ts";
import type { CollectWriterState, CollectedBatch } from "../../../../core/api/sinks/collect-sink.ts";
import type { Sink } from "../../../../core/operators/contracts/sink.ts";
import { Config } from "../../../../core/util/config.ts";
import { replay } from "../../../harness/replay.ts";
import { SinkHarness } from "../../../harness/sink-harness.ts";
import type { SinkSnapshot } from "../../../harness/sink-harness.ts";

type NumberSink = Sink<number, CollectWriterState, CollectedBatch<number>>;
type Snapshot = SinkSnapshot<CollectWriterState, CollectedBatch<number>>;

/** The sink as it is under a configuration, which the harness leaves empty. */
function configured(values: Readonly<Record<string, number>>): NumberSink {
  const sink = new CollectSink<number>();
  const config = new Config(values);
  return {
    writerState: sink.writerState,
    createWriter: (ctx, restored) => sink.createWriter({ ...ctx, config }, restored),
    createCommitter: (ctx) => sink.createCommitter(ctx),
  };
}

const attempt = fc.record({
  parallelism: fc.integer({ min: 1, max: 3 }),
  /** Values per subtask before each barrier; whether its checkpoint is only complete, committed, or neither. */
  rounds: fc.array(fc.record({ values: fc.nat(4), outcome: fc.constantFrom("committed", "complete", "neither") }), {
    maxLength: 4,
  }),
  /** A new job from the checkpoint, which counts attempts and checkpoints from the beginning again. */
  newJob: fc.boolean(),
});

async function collected(
  attempts: readonly (typeof attempt extends fc.Arbitrary<infer A> ? A : never)[],
  sink: NumberSink,
): Promise<{ got: number[]; wanted: number[] }> {
  const results = new ResultStream<number>(Infinity);
  const wanted: number[] = [];
  let uncompleted: number[] = [];
  let restored: Snapshot | undefined;
  let number = 0;
  let attemptNumber = 0;
  let checkpointId = 0;
  for (const { parallelism, rounds, newJob } of [...attempts, { parallelism: 1, rounds: [], newJob: false }]) {
    if (newJob) [attemptNumber, checkpointId] = [0, 0];
    const harness: SinkHarness<number, CollectWriterState, CollectedBatch<number>> = new SinkHarness({
      sink,
      parallelism,
      attempt: attemptNumber++,
      restored,
    });
    await harness.start();
    uncompleted = [];
    for (const { values, outcome } of rounds) {
      for (let index = 0; index < values; index++) {
        uncompleted.push(number);
        await harness.write(index % parallelism, number++);
      }
      await harness.barrier(++checkpointId);
      if (outcome === "neither") continue;
      wanted.push(...uncompleted.splice(0));
      if (outcome === "committed") await harness.complete(checkpointId);
      else harness.markComplete(checkpointId);
    }
    restored = harness.completed;
    for (const message of harness.sent) results.receive(message as CollectedBatch<number>);
  }
  const got: number[] = [];
  results.attach({ result: () => Promise.resolve() } as never);
  for await (const value of results) got.push(value);
  return { got, wanted };
}

const sorted = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right);

test("everything in a completed checkpoint arrives once", async () => {
  const property = fc.asyncProperty(fc.array(attempt, { maxLength: 5 }), async (attempts) => {
    const { got, wanted } = await collected(attempts, configured({ "execution.checkpointing.interval": 1 }));
    expect(sorted(got)).toEqual(wanted);
  });
  await fc.assert(property, replay);
});

test.each([
  ["all batches have one id", (batch: CollectedBatch<number>): CollectedBatch<number> => ({ ...batch, batchId: "x" })],
  [
    "a repeated batch has a new id",
    (batch: CollectedBatch<number>, count: number): CollectedBatch<number> => ({
      ...batch,
      batchId: `${batch.batchId ?? ""}.${count}`,
    }),
  ],
  [
    "ids forget the incarnation",
    (batch: CollectedBatch<number>): CollectedBatch<number> => ({
      ...batch,
      batchId: (batch.batchId ?? "").replace(/^\d+/, ""),
    }),
  ],
])("the net catches it if %s", async (_name, damage) => {
  const property = fc.asyncProperty(fc.array(attempt, { maxLength: 5 }), async (attempts) => {
    const sink = configured({ "execution.checkpointing.interval": 1 });
    let count = 0;
    const damaged: NumberSink = {
      ...sink,
      createCommitter: (ctx) =>
        sink.createCommitter?.({
          ...ctx,
          sendToClient: (batch) => ctx.sendToClient(damage(batch as CollectedBatch<number>, count++)),
        }) ?? { commit: () => undefined },
    };
    const { got, wanted } = await collected(attempts, damaged);
    expect(sorted(got)).toEqual(wanted);
  });
  expect((await fc.check(property, { ...replay, numRuns: 2_000 })).failed).toBe(true);
});

test("without checkpointing, values are sent as they are written", async () => {
  const harness = new SinkHarness({ sink: configured({}), parallelism: 2, attempt: 3 });
  await harness.write(0, 7);
  await harness.write(1, 8);
  await harness.barrier(1);
  expect(harness.sent).toEqual([7, 8].map((value) => ({ batchId: undefined, attempt: 3, values: [value] })));
});
