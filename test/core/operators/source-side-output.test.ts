/** What a source puts aside: an output of its own, without the time of its splits, exactly once across restarts. */
import { describe, expect, test } from "vitest";
import type {
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
} from "../../../core/index.ts";
import { OutputTag, WatermarkStrategy } from "../../../core/index.ts";
import { createOperator } from "../../../core/operators/source.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { Scene, throwingAt, upTo } from "../cluster/scene.ts";

const COUNT = 60;
const POISON = new OutputTag<string>("poison");

interface Position extends SourceSplit {
  readonly next: number;
}

/** Numbers, of which every seventh cannot be read; a few per poll. */
class PoisonedReader implements SourceReader<number, Position> {
  readonly #ctx: SourceReaderContext;
  #splits: readonly Position[] = [];

  constructor(ctx: SourceReaderContext) {
    this.#ctx = ctx;
  }

  start(): void {
    if (this.#splits.length === 0) this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<number>, recordsMax: number): "more-available" | "nothing-available" | "end-of-input" {
    const [split] = this.#splits;
    if (split === undefined) return "nothing-available";
    const end = Math.min(split.next + Math.min(recordsMax, 3), COUNT);
    for (let n = split.next; n < end; n += 1) {
      if (n % 7 === 0) output.sideOutput(POISON, `no number: ${n}`, n);
      else output.forSplit(split.splitId).collect(n, n);
    }
    this.#splits = [{ ...split, next: end }];
    if (end === COUNT) return "end-of-input";
    this.#ctx.schedule(1, () => this.#ctx.wake());
    return "nothing-available";
  }

  addSplits(splits: readonly Position[]): void {
    this.#splits = [...this.#splits, ...splits];
  }

  noMoreSplits(): void {}

  snapshot(): readonly Position[] {
    return this.#splits;
  }
}

const source: Source<number, Position, boolean> = {
  boundedness: "bounded",
  parallelismMax: 1,
  createReader: (ctx) => new PoisonedReader(ctx),
  createEnumerator: (ctx, restored = false): SplitEnumerator<Position, boolean> => {
    let assigned = restored;
    return {
      handleSplitRequest(subtask) {
        if (!assigned) ctx.assignSplits(subtask, [{ splitId: "only", next: 0 }]);
        assigned = true;
      },
      addSplitsBack: (splits, subtask) => ctx.assignSplits(subtask, splits),
      snapshot: () => assigned,
    };
  },
};

describe("the side output of a source", () => {
  function bench(sideOutputs?: readonly string[]): OperatorHarness {
    const harness = new OperatorHarness({
      create: (services) =>
        createOperator<number, Position>(services, { source, strategy: WatermarkStrategy.forMonotonousTimestamps() }),
      ...(sideOutputs === undefined ? {} : { sideOutputs }),
    });
    harness.handleEvent({ type: "add-splits", splits: [{ splitId: "only", next: 6 }] });
    harness.poll(3);
    return harness;
  }

  test("has what the reader puts aside, with the timestamp that it gives, in order with the other records", () => {
    const harness = bench();
    expect(harness.log).toEqual([
      { kind: "record", value: 6, timestampMs: 6 },
      { kind: "side", tag: "poison", value: "no number: 7", timestampMs: 7 },
      { kind: "record", value: 8, timestampMs: 8 },
    ]);
    expect(harness.metrics.read("numRecordsIn")).toBe(2);
  });

  test("is dropped if nobody reads it", () => {
    expect(bench([]).log.map(({ kind }) => kind)).toEqual(["record", "record"]);
  });

  test("says nothing about the time of the source, has no timestamp unless one is given, and none that is no time", () => {
    let output: ReaderOutput<number> | undefined;
    const idle: Source<number, Position, boolean> = {
      ...source,
      createReader: () => ({
        pollNext(given) {
          output = given;
          return "nothing-available";
        },
        addSplits: () => undefined,
        noMoreSplits: () => undefined,
        snapshot: () => [],
      }),
    };
    const strategy = WatermarkStrategy.forMonotonousTimestamps<number>()
      .withTimestampAssigner((n: number) => n * 1_000)
      .withIdleness(400);
    const harness = new OperatorHarness({
      create: (services) => createOperator<number, Position>(services, { source: idle, strategy }),
    });
    harness.handleEvent({ type: "add-splits", splits: [{ splitId: "only", next: 0 }] });
    harness.poll(1);
    harness.advance(600);
    output?.sideOutput(POISON, "none");
    output?.sideOutput(POISON, "early", 5);
    harness.advance(600);
    expect(harness.log).toEqual([
      { kind: "idle", idle: true },
      { kind: "side", tag: "poison", value: "none", timestampMs: -Infinity },
      { kind: "side", tag: "poison", value: "early", timestampMs: 5 },
    ]);
    expect(() => output?.sideOutput(POISON, "never", NaN)).toThrow("MR3021");
  });

  test("is committed once, whatever fails, and is the same after a savepoint", async () => {
    const scene = new Scene();
    const build = (
      values: Readonly<Record<string, string>>,
      inSide: (n: number) => number,
    ): ReturnType<Scene["env"]> => {
      const env = scene.env({ "execution.checkpointing.interval": 3, ...values });
      const numbers = env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers");
      scene.commit(numbers, "numbers-out");
      const aside = numbers.getSideOutput(POISON).map((text) => {
        inSide(Number(text.slice("no number: ".length)));
        return text;
      });
      scene.commit(aside, "aside-out");
      return env;
    };
    const path = await scene.play(async () => {
      const job = scene.start(build({}, throwingAt([7, 14, 21], 3)));
      await scene.pause(25);
      return job.stopWithSavepoint({ directory: "/savepoints" });
    });
    expect(scene.committed.length).toBeLessThan(COUNT);
    await scene.play(async () => {
      const job = scene.start(build({ "execution.state-recovery.path": path }, throwingAt([49], 1)));
      await job.result();
    });
    const expected = upTo(COUNT).map((n) => (n % 7 === 0 ? `no number: ${n}` : n));
    expect(scene.committed.map(String).toSorted()).toEqual(expected.map(String).toSorted());
    expect(scene.outside.violations).toEqual([]);
  });
});
