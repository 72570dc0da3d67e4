/**
 * Goal:   windows by count emit, after every `slide` records of a key, its last `size` records, folded or collected, across restores.
 * Method: random records against slices of plain arrays.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/core/operators/window` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createOperator } from "../../../../core/operators/window/count.ts";
import type { CountWindowOptions } from "../../../../core/operators/window/count.ts";
import { GLOBAL_WINDOW } from "../../../../core/operators/window/assigners.ts";
import type { HarnessSnapshot } from "../../../harness/harness-state.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import { heapState } from "./heap-state.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

interface Item {
  readonly key: string;
  readonly ids: readonly number[];
}

type Options = CountWindowOptions<string, Item, unknown, unknown, unknown>;

const functions: Readonly<Record<string, Partial<Options>>> = {
  reduce: { reduce: (left, right) => ({ ...left, ids: [...left.ids, ...right.ids] }) },
  aggregate: {
    aggregate: {
      createAccumulator: () => [],
      add: (item: Item, ids) => [...(ids as number[]), ...item.ids], // made above
      getResult: (ids) => ({ ids }),
    },
  },
  collect: {
    process: {
      process(ctx, elements: Iterable<Item>, out) {
        out.collect({ key: ctx.key, window: ctx.window, value: { ids: [...elements].flatMap(({ ids }) => ids) } });
      },
    },
  },
};

function harnessOf(options: Options, restored?: HarnessSnapshot): OperatorHarness {
  return new OperatorHarness({
    keyedState: heapState,
    create: (services) => createOperator(services as never, options),
    ...(restored === undefined ? {} : { restored: [restored] }),
  });
}

test.each(Object.keys(functions))("%s: the last records after every slide", (fold) => {
  const runs = fc.record({
    size: fc.integer({ min: 1, max: 7 }),
    slide: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    keys: fc.array(fc.constantFrom("ash", "birch"), { maxLength: 40 }),
    restoreAt: fc.nat({ max: 40 }),
  });
  fc.assert(
    fc.property(runs, ({ size, slide, keys, restoreAt }) => {
      const options: Options = { keyOf: ({ key }) => key, size, slide, ...functions[fold] };
      let harness = harnessOf(options);
      const results: unknown[] = [];
      const expected: unknown[] = [];
      const seen = new Map<string, number[]>();
      for (const [id, key] of keys.entries()) {
        if (id === restoreAt) {
          const snapshot = harness.trySnapshot(1);
          if (snapshot !== undefined) harness = harnessOf(options, snapshot);
        }
        harness.processRecord({ key, ids: [id] }, id);
        results.push(...harness.records.map(([value, timestampMs]) => ({ value: resultOf(value), timestampMs })));
        harness.log.length = 0;
        const ids = [...(seen.get(key) ?? []), id];
        seen.set(key, ids);
        if (ids.length % (slide ?? size) === 0)
          expected.push({ value: { key, window: GLOBAL_WINDOW, ids: ids.slice(-size) }, timestampMs: id });
      }
      expect(results).toEqual(expected);
    }),
    { numRuns: 200, ...replay },
  );
});

function resultOf(value: unknown): unknown {
  const { key, window, value: inner } = value as { key: string; window: unknown; value: { ids: number[] } }; // every function's result
  return { key, window, ids: inner.ids };
}

test("time passes through", () => {
  const harness = harnessOf({ keyOf: ({ key }) => key, size: 2, ...functions["reduce"] });
  harness.processWatermark(5);
  harness.processIdle(true);
  expect(harness.log).toEqual([
    { kind: "watermark", watermarkMs: 5 },
    { kind: "idle", idle: true },
  ]);
  expect(harness.operator.watermarkMs).toBe(5);
});
