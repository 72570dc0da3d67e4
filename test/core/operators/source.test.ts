/** The operator of sources, case by case: events, watermarks per split, idleness, restore, stop. */
// covers: core/operators/source-reader-context.ts, core/operators/source-time.ts
import { describe, expect, test } from "vitest";
import type { ReaderOutput, Source } from "../../../core/operators/contracts/source.ts";
import { createOperator } from "../../../core/operators/source.ts";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import { listSource, listSplit } from "../../harness/list-source.ts";
import type { ListReader, ListSourceOptions, ListSplit } from "../../harness/list-source.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

interface Bench {
  readonly harness: OperatorHarness;
  readonly readers: ListReader[];
}

function bench(
  options: ListSourceOptions & Omit<HarnessOptions, "create"> & { readonly strategy?: WatermarkStrategy<string> } = {},
): Bench {
  const readers: ListReader[] = [];
  const source = listSource(options, readers);
  const strategy = options.strategy ?? WatermarkStrategy.forMonotonousTimestamps<string>();
  const harness = new OperatorHarness({
    ...options,
    create: (services) => createOperator<string, ListSplit>(services, { source, strategy }),
  });
  return { harness, readers };
}

function assign(harness: OperatorHarness, ...splits: readonly ListSplit[]): void {
  harness.handleEvent({ type: "add-splits", splits });
}

describe("source", () => {
  test("registers, asks for a split, and wakes when one comes", () => {
    const { harness } = bench();
    expect(harness.events).toEqual([{ type: "register-reader" }, { type: "request-split" }]);
    expect(harness.poll(10)).toBe("waiting");
    assign(harness, listSplit("a", [1]));
    expect(harness.wakes).toBe(1);
    expect(harness.poll(10)).toBe("waiting");
    expect(harness.records).toEqual([["a0", 1]]);
    expect(harness.metrics.read("numRecordsIn")).toBe(1);
  });

  test("ends with the last watermark, once the enumerator has no more", () => {
    const { harness } = bench();
    assign(harness, listSplit("a", [1]));
    harness.handleEvent({ type: "no-more-splits" });
    expect(harness.poll(10)).toBe("finished");
    expect(harness.poll(10)).toBe("finished");
    expect(harness.watermarks).toEqual([Infinity]);
    expect(harness.operator.watermarkMs).toBe(Infinity);
    harness.advance(1_000);
    expect(harness.watermarks).toEqual([Infinity]);
  });

  test("the watermark is the minimum over the splits, also over those not yet read", () => {
    const { harness } = bench({ order: "one-by-one" });
    assign(harness, listSplit("a", [10, 20]), listSplit("b", [5, 15]));
    harness.poll(1);
    harness.advance(200);
    expect(harness.watermarks).toEqual([]);
    harness.poll(2);
    harness.advance(200);
    expect(harness.watermarks).toEqual([4]);
  });

  test("an idle split holds nobody back, and wakes with its next record", () => {
    const { harness } = bench({ strategy: WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(400) });
    assign(harness, listSplit("a", [10, 30, 50]), listSplit("b", [5, 40]));
    harness.poll(2);
    harness.advance(400);
    expect(harness.log.slice(2)).toEqual([{ kind: "watermark", watermarkMs: 4 }]);
    harness.advance(400);
    // All idle: the furthest speaks for all.
    expect(harness.log.slice(3)).toEqual([
      { kind: "watermark", watermarkMs: 9 },
      { kind: "idle", idle: true },
    ]);
    harness.poll(1);
    harness.advance(200);
    expect(harness.log.slice(5)).toEqual([
      { kind: "idle", idle: false },
      { kind: "record", value: "a1", timestampMs: 30 },
      { kind: "watermark", watermarkMs: 29 },
    ]);
  });

  test("the generator of an idle split is not asked: one that follows the clock would wake it with every tick", () => {
    const strategy = WatermarkStrategy.forGenerator<string>(() => {
      let now = 0;
      return { onEvent: () => undefined, onPeriodicEmit: (out) => out.emitWatermark(++now) };
    }).withIdleness(400);
    const { harness } = bench({ strategy });
    assign(harness, listSplit("a", [10, 30, 50]));
    harness.poll(1);
    harness.advance(2_000);
    expect(harness.watermarks).toEqual([1, 2]);
    expect(harness.log.filter((entry) => entry.kind === "idle")).toEqual([{ kind: "idle", idle: true }]);
    harness.poll(1);
    harness.advance(200);
    expect(harness.watermarks).toEqual([1, 2, 3]);
  });

  test("time under back-pressure makes no split idle", () => {
    const { harness } = bench({ strategy: WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(400) });
    assign(harness, listSplit("a", [10, 30]));
    harness.makeRoom(1);
    expect(harness.poll(5)).toBe("more");
    expect(harness.poll(5)).toBeUndefined();
    harness.advance(10_000);
    expect(harness.log.filter((entry) => entry.kind === "idle")).toEqual([]);
  });

  test("a subtask without splits goes idle, if idleness is asked for", () => {
    const { harness } = bench({ strategy: WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(400) });
    harness.advance(600);
    expect(harness.log).toEqual([{ kind: "idle", idle: true }]);
    assign(harness, listSplit("a", [10, 30]));
    expect(harness.log.at(-1)).toEqual({ kind: "idle", idle: false });
  });

  test("main output: one generator for all, whatever splits are assigned; it survives a restore", () => {
    const { harness } = bench({ output: "main" });
    assign(harness, listSplit("a", [10, 30, 40]), listSplit("b", [20, 50, 60]));
    harness.poll(2);
    harness.advance(200);
    expect(harness.watermarks).toEqual([19]);
    const saved = harness.trySnapshot(1);
    const next = bench({ output: "main", restored: saved === undefined ? [] : [saved] }).harness;
    expect(next.watermarks).toEqual([19]);
    next.poll(2);
    next.advance(200);
    expect(next.watermarks).toEqual([19, 49]);
    // Not read since: what is saved does not multiply.
    const again = next.trySnapshot(2);
    expect(again?.lists.find((list) => list.name === "main")?.items.length).toBe(1);
  });

  test("assigns timestamps", () => {
    const strategy = WatermarkStrategy.noWatermarks<string>().withTimestampAssigner(
      (text: string, givenMs) => givenMs * 100 + text.length,
    );
    const { harness } = bench({ strategy });
    assign(harness, listSplit("a", [3]));
    harness.poll(1);
    expect(harness.records).toEqual([["a0", 302]]);
  });

  // At the end of time the split would count as finished, and all that follows would be late.
  test.each([NaN, Infinity])("refuses %s as a timestamp", (timestampMs) => {
    const strategy = WatermarkStrategy.noWatermarks<string>().withTimestampAssigner(() => timestampMs);
    const { harness } = bench({ strategy });
    assign(harness, listSplit("a", [3]));
    expect(() => harness.poll(1)).toThrow("MR3021");
  });

  test("a stop with drain sends the last watermark, one without does not", () => {
    for (const drain of [true, false]) {
      const { harness } = bench();
      assign(harness, listSplit("a", [1, 2]));
      harness.poll(1);
      harness.operator.stop?.({ drain });
      expect(harness.poll(5)).toBe("finished");
      harness.advance(1_000);
      expect(harness.watermarks).toEqual(drain ? [Infinity] : []);
      expect(harness.values).toEqual(["a0"]);
    }
  });

  test("passes events, completed checkpoints and the end to the reader", () => {
    const { harness, readers } = bench();
    const [reader] = readers;
    harness.handleEvent({ type: "source-event", event: { rate: 5 } });
    harness.operator.checkpointCompleted?.(7);
    reader?.ctx.sendEvent("hello");
    void harness.operator.close?.();
    expect([reader?.events, reader?.completed, reader?.closed]).toEqual([[{ rate: 5 }], [7], true]);
    expect(harness.events.at(-1)).toEqual({ type: "source-event", event: "hello" });
    expect(() => harness.handleEvent({ type: "unheard-of" })).toThrow("MR3000");
  });

  test("restored splits are added before the reader starts", () => {
    const first = bench();
    assign(first.harness, listSplit("a", [10, 20, 30]));
    first.harness.poll(2);
    first.harness.advance(200);
    const saved = first.harness.trySnapshot(1);
    const { harness } = bench({ restored: saved === undefined ? [] : [saved] });
    expect(harness.events).toEqual([{ type: "register-reader" }]);
    expect(harness.watermarks).toEqual([19]);
    expect(harness.poll(10)).toBe("waiting");
    expect(harness.values).toEqual(["a2"]);
  });

  test("after a rescale a subtask starts where its splits were, and one without splits at the minimum", () => {
    const [busy, behind] = [0, 1].map((subtaskIndex) => bench({ parallelism: 2, subtaskIndex }).harness);
    if (busy === undefined || behind === undefined) throw new Error("there are two");
    assign(busy, listSplit("a", [10, 20, 30]), listSplit("b", [50, 60]));
    assign(behind, listSplit("c", [5]));
    for (const harness of [busy, behind]) {
      harness.poll(2);
      harness.advance(200);
    }
    assign(behind, listSplit("d", [70]));
    busy.poll(1);
    const restored = [busy, behind].flatMap((harness) => harness.trySnapshot(1) ?? []);
    const next = [0, 1, 2, 3].map((subtaskIndex) => bench({ parallelism: 4, subtaskIndex, restored }).harness);
    expect(next.map((harness) => harness.watermarks)).toEqual([[9], [49], [], []]);
    // What the generator of the first had seen since its last watermark was saved too.
    for (const harness of next) harness.advance(200);
    expect(next.map((harness) => harness.watermarks)).toEqual([[9, 19], [49], [], []]);
  });

  test("a wake in the middle of a poll is not lost", () => {
    const waking: Source<string, ListSplit> = {
      ...listSource(),
      createReader: (ctx) => ({
        pollNext: (): "nothing-available" => {
          ctx.wake();
          return "nothing-available";
        },
        addSplits: () => undefined,
        noMoreSplits: () => undefined,
        snapshot: () => [],
      }),
    };
    const strategy = WatermarkStrategy.noWatermarks<string>();
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, ListSplit>(services, { source: waking, strategy }),
    });
    expect(harness.poll(1)).toBe("more");
  });

  test("what a released split still says counts for nothing", () => {
    let output: ReaderOutput<string> | undefined;
    const source: Source<string, ListSplit> = {
      ...listSource(),
      createReader: () => ({
        pollNext: (out): "more-available" => {
          output = out;
          return "more-available";
        },
        addSplits: () => undefined,
        noMoreSplits: () => undefined,
        snapshot: () => [],
      }),
    };
    const strategy = WatermarkStrategy.forGenerator<string>(() => ({
      onEvent: (_, timestampMs, out) => out.emitWatermark(timestampMs),
      onPeriodicEmit: () => undefined,
    }));
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, ListSplit>(services, { source, strategy }),
    });
    harness.poll(1);
    const gone = output?.forSplit("gone");
    output?.forSplit("here").collect("x", 5);
    expect(harness.watermarks).toEqual([]);
    output?.release("gone");
    expect(harness.watermarks).toEqual([5]);
    gone?.collect("y", 9);
    gone?.markIdle();
    expect(harness.watermarks).toEqual([5]);
    output?.forSplit("here").collect("z", 7);
    expect(harness.watermarks).toEqual([5, 7]);
  });
});
