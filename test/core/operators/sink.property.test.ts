/**
 * Goal:   what a completed checkpoint contains is committed at least once, in spite of crashes, retries and lost notifications; nothing is committed
 *         before; nothing is written during a flush, or before what was restored is visible.
 * Method: random interleavings of records (also overdrawn ones), barriers, ends of flushes and commits, completions with and without notification,
 *         aborts and crashes; a restore starts from the newest completed checkpoint. The sink itself notes violations.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOperator } from "../../../core/operators/sink.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { replay } from "../../harness/replay.ts";
import { ScriptedOutside, ScriptedSink } from "../../harness/scripted-sink.ts";
import type { Committable, ScriptedVerdict } from "../../harness/scripted-sink.ts";

type Step =
  | {
      readonly kind: "write" | "overdraw" | "barrier" | "flushed" | "complete" | "complete-unheard" | "abort" | "crash";
    }
  /** A barrier with all that it waits for; `heard` tells the sink that it is complete, `unheard` only the master knows. */
  | { readonly kind: "checkpoint"; readonly end: "heard" | "unheard" | "open" }
  | { readonly kind: "committed"; readonly verdicts: readonly ScriptedVerdict[] }
  | { readonly kind: "time"; readonly ms: number };

const verdicts = fc.array(fc.constantFrom<ScriptedVerdict>("commit", "retry", "already"), { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ kind: "write" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "overdraw" }) },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: "barrier" }) },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: "flushed" }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>({ kind: "complete" }, { kind: "complete-unheard" }, { kind: "abort" }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("checkpoint" as const),
      end: fc.constantFrom("heard" as const, "unheard" as const, "open" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: "crash" }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("committed" as const), verdicts }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(100, 1_000, 10_000) }) },
);

/** A checkpoint as the master knows it: what the subtask saved, and which records that includes. */
interface Checkpoint {
  readonly id: number;
  readonly saved: HarnessSnapshot;
  readonly written: readonly number[];
}

/** One job: the outside world, the master's checkpoints, and the current attempt. */
class Job {
  readonly outside = new ScriptedOutside();
  /** Records of the surviving history, in order. */
  written: number[] = [];
  harness: OperatorHarness;
  sink: ScriptedSink;
  readonly #sync: boolean;
  #nextValue = 0;
  #nextCheckpoint = 1;
  /** The barrier that waits for the sink. */
  #barrier: number | undefined = undefined;
  #pending: Checkpoint[] = [];
  #newest: Checkpoint | undefined = undefined;

  constructor(sync: boolean) {
    this.#sync = sync;
    [this.sink, this.harness] = this.#attempt();
  }

  /** As the task: nothing is read while a barrier waits or the chain is busy; overdraw comes all the same. */
  write(options: { readonly overdraw: boolean }): void {
    if (!options.overdraw && (this.#barrier !== undefined || this.harness.availability.busy)) return;
    const value = this.#nextValue++;
    this.written.push(value);
    this.harness.processRecord(value, value);
  }

  barrier(): void {
    this.#barrier ??= this.#nextCheckpoint++;
    const saved = this.harness.trySnapshot(this.#barrier);
    if (saved === undefined) return;
    this.#pending.push({ id: this.#barrier, saved, written: [...this.written] });
    this.#barrier = undefined;
  }

  async checkpoint(end: "heard" | "unheard" | "open"): Promise<void> {
    this.barrier();
    this.sink.settleFlush();
    await this.harness.settle();
    this.barrier();
    if (end !== "open") this.complete({ heard: end === "heard" });
  }

  complete(options: { readonly heard: boolean }): void {
    const checkpoint = this.#pending.shift();
    if (checkpoint === undefined) return;
    this.#newest = checkpoint;
    this.outside.durable = new Set(checkpoint.written);
    if (options.heard) this.harness.operator.checkpointCompleted?.(checkpoint.id);
  }

  abort(): void {
    const checkpoint = this.#pending.shift();
    if (checkpoint !== undefined) this.harness.operator.checkpointAborted?.(checkpoint.id);
  }

  crash(): void {
    this.written = [...(this.#newest?.written ?? [])];
    this.#pending = [];
    this.#barrier = undefined;
    [this.sink, this.harness] = this.#attempt();
  }

  async finish(): Promise<void> {
    const settle = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        this.sink.settleFlush();
        this.sink.settleCommit();
        await this.harness.settle();
        this.harness.advance(10_000);
      }
    };
    for (let round = 0; this.#barrier !== undefined && round < 4; round++) {
      await settle();
      this.barrier();
    }
    await settle();
    this.harness.endInput();
    await settle();
    if (this.harness.operator.pending !== "none") this.outside.violations.push("pending after the last flush");
    this.barrier();
    while (this.#pending.length > 0) this.complete({ heard: true });
    await settle();
    await settle();
  }

  #attempt(): [ScriptedSink, OperatorHarness] {
    const saved = this.#newest?.saved;
    const owed = (saved?.lists.find((list) => list.name === "committables")?.items ?? []) as readonly {
      committable: Committable;
    }[]; // as the operator saves them
    const sink = new ScriptedSink(this.outside, {
      sync: this.#sync,
      owed: owed.flatMap((one) => one.committable.values),
    });
    const harness = new OperatorHarness({
      create: (services) => createOperator<number, number, Committable>(services, { sink }),
      ...(saved === undefined ? {} : { restored: [saved] }),
    });
    return [sink, harness];
  }
}

async function apply(job: Job, step: Step): Promise<void> {
  if (step.kind === "write" || step.kind === "overdraw") job.write({ overdraw: step.kind === "overdraw" });
  else if (step.kind === "barrier") job.barrier();
  else if (step.kind === "checkpoint") await job.checkpoint(step.end);
  else if (step.kind === "complete" || step.kind === "complete-unheard")
    job.complete({ heard: step.kind === "complete" });
  else if (step.kind === "abort") job.abort();
  else if (step.kind === "crash") job.crash();
  else if (step.kind === "flushed") job.sink.settleFlush();
  else if (step.kind === "committed") job.sink.settleCommit(step.verdicts);
  else if (step.kind === "time") job.harness.advance(step.ms);
  await job.harness.settle();
}

describe("sink", () => {
  test.each([
    ["asynchronous", false],
    ["synchronous", true],
  ])("commits every completed checkpoint, and nothing before: %s", async (_, sync) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
        const job = new Job(sync);
        for (const one of steps) await apply(job, one);
        await job.finish();
        expect(job.outside.violations).toEqual([]);
        expect(job.harness.failures).toEqual([]);
        expect(job.harness.operator.settled).toBe(true);
        expect(new Set(job.outside.committed)).toEqual(new Set(job.written));
      }),
      { numRuns: 150, ...replay },
    );
  });
});
