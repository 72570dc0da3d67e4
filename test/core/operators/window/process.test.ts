/** What a process window function sees, what late records become, and what is refused. */
// covers: core/operators/window/process-call.ts
// covers: core/operators/window/functions.ts
import { describe, expect, test } from "vitest";
import { OutputTag } from "../../../../core/operators/contracts/functions.ts";
import type { Operator, OperatorServices } from "../../../../core/operators/operator.ts";
import { session, sliding, tumbling } from "../../../../core/operators/window/assigners.ts";
import { createOperator as createCount } from "../../../../core/operators/window/count.ts";
import type { ProcessWindowFunction, WindowOperatorOptions } from "../../../../core/operators/window/functions.ts";
import { createOperator as createSession } from "../../../../core/operators/window/session.ts";
import { createOperator as createSliding } from "../../../../core/operators/window/sliding.ts";
import { createOperator as createTumbling } from "../../../../core/operators/window/tumbling.ts";
import { createOperator as createGeneral } from "../../../../core/operators/window/window.ts";
import { list, operatorList, reducing, value } from "../../../../core/state/descriptors.ts";
import type { ReducingState, ValueState } from "../../../../core/state/handles.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import { heapState } from "./heap-state.ts";

interface Read {
  readonly key: string;
  readonly amount: number;
}

type Options = WindowOperatorOptions<string, Read, unknown, unknown, unknown>;
type Create = (services: OperatorServices<unknown>, options: Options) => Operator;

function harnessOf(create: Create, options: Omit<Options, "keyOf">, sideOutputs?: readonly string[]): OperatorHarness {
  return new OperatorHarness({
    keyedState: heapState,
    create: (services) =>
      create(services as unknown as OperatorServices<unknown>, { keyOf: ({ key }) => key, ...options }),
    ...(sideOutputs === undefined ? {} : { sideOutputs }),
  });
}

const sum: NonNullable<Options["reduce"]> = (left, right) => ({ key: left.key, amount: left.amount + right.amount });

describe.each([
  ["tumbling", createTumbling],
  ["general", createGeneral],
] as [string, Create][])("%s: a process function", (_name, create) => {
  test("sees key, window, times, its state per key and per window, and can fill side outputs", () => {
    const tag = new OutputTag<string>("log");
    const cleared: string[] = [];
    const process = {
      state: { total: reducing<number>((left, right) => left + right) },
      windowState: { firings: value({ default: 0 }) },
      process(ctx, elements: Iterable<Read>, out) {
        const handles = ctx as unknown as {
          state: { total: ReducingState<number> };
          windowState: { firings: ValueState<number, number> };
        }; // declared above
        const [only] = elements;
        handles.windowState.firings.update(handles.windowState.firings.value() + 1);
        handles.state.total.add(only?.amount ?? 0);
        const firing = handles.windowState.firings.value();
        out.collect([
          ctx.key,
          ctx.window.startMs,
          only?.amount,
          firing,
          handles.state.total.get(),
          ctx.currentWatermarkMs,
          ctx.processingTimeMs(),
        ]);
        ctx.output(tag, `fired ${ctx.window.startMs}`);
      },
      clear(ctx) {
        cleared.push(`${ctx.key} ${ctx.window.startMs}`);
      },
    } satisfies ProcessWindowFunction<string, never, unknown>;
    const harness = harnessOf(create, { assigner: tumbling(10), reduce: sum, process, allowedLatenessMs: 5 });
    harness.advance(7);
    harness.processRecord({ key: "ash", amount: 1 }, 3);
    harness.processWatermark(9);
    harness.processRecord({ key: "ash", amount: 2 }, 4);
    harness.processRecord({ key: "ash", amount: 5 }, 12);
    harness.processWatermark(14);
    expect(cleared).toEqual(["ash 0"]);
    harness.processWatermark(100);
    expect(harness.records).toEqual([
      [["ash", 0, 1, 1, 1, 9, 7], 9],
      [["ash", 0, 3, 2, 4, 9, 7], 9],
      [["ash", 10, 5, 1, 9, 100, 7], 19],
    ]);
    expect(harness.side("log")).toEqual(["fired 0", "fired 0", "fired 10"]);
    expect(cleared).toEqual(["ash 0", "ash 10"]);
    expect(harness.keyed?.size()).toEqual({ rows: 1, cells: 1 });
  });

  test("operator lists are no window state", () => {
    const process = { state: { all: operatorList<number>() }, process: () => {} };
    expect(() => harnessOf(create, { assigner: tumbling(10), reduce: sum, process })).toThrow("MR1216");
  });
});

test("windows by count hand over key, global window and records", () => {
  const process: ProcessWindowFunction<string, never, unknown> = {
    windowState: { seen: list<number>() },
    process(ctx, elements: Iterable<Read>, out) {
      out.collect([ctx.key, ctx.window.endMs, [...elements].map(({ amount }) => amount)]);
    },
  };
  const harness = new OperatorHarness({
    keyedState: heapState,
    create: (services) => createCount(services as never, { keyOf: ({ key }: Read) => key, size: 2, process }),
  });
  for (const amount of [1, 2, 3]) harness.processRecord({ key: "ash", amount }, amount);
  expect(harness.records).toEqual([[["ash", Infinity, [1, 2]], 2]]);
});

describe.each([
  ["tumbling", createTumbling, tumbling<Read>(10)],
  ["sliding", createSliding, sliding<Read>(10, 5)],
  ["session", createSession, session<Read>(10)],
  ["general", createGeneral, tumbling<Read>(10)],
] as [string, Create, Options["assigner"]][])("%s: late records", (_name, create, assigner) => {
  const late = { key: "ash", amount: 1 };

  test("are dropped and counted", () => {
    const harness = harnessOf(create, { assigner, reduce: sum });
    harness.processWatermark(1_000);
    harness.processRecord(late, 3);
    expect(harness.metrics.read("numLateRecordsDropped")).toBe(1);
    expect(harness.keyed?.size().cells).toBe(0);
  });

  test("go to the side output, with their timestamps, if somebody reads it", () => {
    const harness = harnessOf(create, { assigner, reduce: sum, lateTag: "late" });
    harness.processWatermark(1_000);
    harness.processRecord(late, 3);
    expect(harness.log.at(-1)).toEqual({ kind: "side", tag: "late", value: late, timestampMs: 3 });
    expect(harness.metrics.read("numLateRecordsDropped")).toBe(0);
    const unread = harnessOf(create, { assigner, reduce: sum, lateTag: "late" }, []);
    unread.processWatermark(1_000);
    unread.processRecord(late, 3);
    expect(unread.metrics.read("numLateRecordsDropped")).toBe(1);
  });

  test("a record without timestamp is refused with what to do", () => {
    const harness = harnessOf(create, { assigner, reduce: sum });
    for (const timestampMs of [-Infinity, Number.NaN]) {
      expect(() => harness.processRecord(late, timestampMs)).toThrow(/MR1210.*assignTimestampsAndWatermarks/);
    }
  });

  test("a result that was emitted does not change with the records that come late", () => {
    const aggregate: NonNullable<Options["aggregate"]> = {
      createAccumulator: () => ({ amounts: [] as number[] }),
      add(read, all) {
        (all as { amounts: number[] }).amounts.push(read.amount); // made above
        return all;
      },
      getResult: (all) => all,
      merge(left, right) {
        (left as { amounts: number[] }).amounts.push(...(right as { amounts: number[] }).amounts); // made above
        return left;
      },
    };
    const harness = harnessOf(create, { assigner, aggregate, allowedLatenessMs: 100 });
    harness.processRecord({ key: "ash", amount: 1 }, 3);
    harness.processWatermark(30);
    const emitted = structuredClone(harness.values);
    harness.processRecord({ key: "ash", amount: 2 }, 4);
    expect(harness.values.length).toBeGreaterThan(emitted.length);
    expect(harness.values.slice(0, emitted.length)).toEqual(emitted);
  });

  test("watermarks and idleness pass on, in order, behind what they fire", () => {
    const harness = harnessOf(create, { assigner, reduce: sum });
    harness.processRecord({ key: "ash", amount: 1 }, 3);
    harness.processRecord({ key: "birch", amount: 1 }, 3);
    harness.makeRoom(1);
    harness.processWatermark(30);
    harness.processIdle(true);
    expect(harness.operator.pending).toBe("interruptible");
    expect(harness.log.map(({ kind }) => kind)).toEqual(["record"]);
    harness.makeRoom();
    const kinds = harness.log.map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(["watermark", "idle"]);
    expect(harness.operator.watermarkMs).toBe(30);
  });
});

test("the gap of a session must be one", () => {
  const harness = harnessOf(createSession, { assigner: session<Read>(({ amount }) => amount), reduce: sum });
  expect(() => harness.processRecord({ key: "ash", amount: 0 }, 3)).toThrow("MR1211");
  expect(() => harness.processRecord({ key: "ash", amount: Number.NaN }, 3)).toThrow("MR1211");
});
