/**
 * Goal:   whatever downstream's room, a flat map emits what it would emit without bounds, in the same order, and pulls nothing while there is no room.
 * Method: random records (each a number of elements, returned or collected), watermarks and room; compared with plain loops over the input.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Collector } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/flat-map.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { Recorded } from "../../harness/recording-output.ts";
import { replay } from "../../harness/replay.ts";

interface Line {
  readonly words: number;
  readonly how: "generator" | "array" | "collector";
}

type Step =
  | { readonly kind: "record"; readonly value: Line }
  | { readonly kind: "watermark" }
  | { readonly kind: "idle" }
  | { readonly kind: "room"; readonly records: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("record" as const),
      value: fc.record({
        words: fc.nat(6),
        how: fc.constantFrom("generator" as const, "array" as const, "collector" as const),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "watermark" as const }, { kind: "idle" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("room" as const), records: fc.nat(5) }) },
);

function harnessOf(onPull: (busy: boolean) => void): OperatorHarness {
  const harness: OperatorHarness = new OperatorHarness({
    create: (services) =>
      createOperator<Line, number>(services, {
        flatMap(line: Line, out: Collector<number>): Iterable<number> | void {
          const words = Array.from({ length: line.words }, (_, at) => at);
          if (line.how === "array") return words;
          if (line.how === "collector") return words.forEach((word) => out.collect(word));
          return (function* pulled() {
            for (const word of words) {
              onPull(harness.availability.busy);
              yield word;
            }
          })();
        },
      }),
  });
  return harness;
}

/** The same input with room for everything. */
function naive(steps: readonly Step[]): Recorded[] {
  return steps.flatMap((step, at): Recorded[] => {
    if (step.kind === "record")
      return Array.from({ length: step.value.words }, (_, value) => ({ kind: "record", value, timestampMs: at }));
    if (step.kind === "watermark") return [{ kind: "watermark", watermarkMs: at }];
    return step.kind === "idle" ? [{ kind: "idle", idle: at % 2 === 0 }] : [];
  });
}

describe("flatMap", () => {
  test("is the same with any room, and never pulls without", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        let pulledWhileBusy = 0;
        const harness = harnessOf((busy) => (pulledWhileBusy += busy ? 1 : 0));
        steps.forEach((one, at) => {
          if (one.kind === "record") harness.processRecord(one.value, at);
          else if (one.kind === "watermark") harness.processWatermark(at);
          else if (one.kind === "idle") harness.processIdle(at % 2 === 0);
          else harness.makeRoom(one.records);
        });
        harness.makeRoom();
        expect(harness.log).toEqual(naive(steps));
        expect(pulledWhileBusy).toBe(0);
        expect(harness.operator.pending).toBe("none");
      }),
      { numRuns: 500, ...replay },
    );
  });

  test("a barrier waits for a half-pulled iterable", async () => {
    const harness = harnessOf(() => undefined);
    harness.makeRoom(2);
    harness.processRecord({ words: 5, how: "generator" }, 1);
    expect(harness.values).toEqual([0, 1]);
    expect(harness.operator.pending).toBe("atomic");
    expect(harness.trySnapshot(1)).toBeUndefined();
    harness.makeRoom();
    expect(harness.trySnapshot(1)).toBeDefined();
    expect(harness.values).toEqual([0, 1, 2, 3, 4]);
  });

  test.each([[7], [null], [{}], [Promise.resolve([1])]])("refuses %o, which is no iterable", (returned) => {
    const harness = new OperatorHarness({
      create: (services) => createOperator<number, number>(services, { flatMap: () => returned as never }),
    });
    expect(() => harness.processRecord(5)).toThrow("MR3026");
  });

  test("an infinite iterable ends with the operator", () => {
    let ended = false;
    const harness = new OperatorHarness({
      create: (services) =>
        createOperator<number, number>(services, {
          *flatMap(first) {
            try {
              for (let value = first; ; value++) yield value;
            } finally {
              ended = true;
            }
          },
        }),
    });
    harness.makeRoom(3);
    harness.processRecord(5);
    void harness.operator.close?.();
    expect([harness.values, ended]).toEqual([[5, 6, 7], true]);
  });
});
