/**
 * Goal:   the combined watermark and idleness follow the rule (active: minimum; else idle: maximum; else the last), and the watermark never goes back.
 * Method: random commands on up to five parts, against a model that recomputes everything from scratch after each.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WatermarkCombiner } from "../../../core/time/watermark-combiner.ts";
import type { CombinedPart } from "../../../core/time/watermark-combiner.ts";
import { replay } from "../../harness/replay.ts";

type Command =
  | { readonly kind: "register" | "idle" | "active" | "finish" | "remove"; readonly id: number }
  | { readonly kind: "update"; readonly id: number; readonly watermarkMs: number };

const id = fc.integer({ min: 0, max: 4 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("register" as const), id }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      id,
      watermarkMs: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(Infinity, NaN)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("idle" as const, "active" as const, "remove" as const), id }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("finish" as const), id }) },
);

interface ModelPart {
  watermarkMs: number;
  status: "active" | "idle" | "finished";
}

/** The rule in plain words, over all parts, each time. */
function naive(parts: ReadonlyMap<number, ModelPart>, beforeMs: number): { watermarkMs: number; idle: boolean } {
  const of = (status: string): number[] =>
    [...parts.values()].filter((part) => part.status === status).map((part) => part.watermarkMs);
  const [active, idle] = [of("active"), of("idle")];
  let watermarkMs = beforeMs;
  if (active.length > 0) watermarkMs = Math.min(...active);
  else if (idle.length > 0) watermarkMs = Math.max(...idle);
  else if (parts.size > 0) watermarkMs = Infinity;
  return { watermarkMs: Math.max(watermarkMs, beforeMs), idle: active.length === 0 && idle.length > 0 };
}

function applyToModel(parts: Map<number, ModelPart>, command: Command): void {
  const part = parts.get(command.id);
  if (command.kind === "register") parts.set(command.id, part ?? { watermarkMs: -Infinity, status: "active" });
  if (command.kind === "remove") parts.delete(command.id);
  if (part === undefined || part.status === "finished") return;
  if (command.kind === "idle" || command.kind === "active") part.status = command.kind;
  if (command.kind === "finish" || (command.kind === "update" && command.watermarkMs === Infinity))
    part.status = "finished";
  else if (command.kind === "update" && command.watermarkMs > part.watermarkMs) part.watermarkMs = command.watermarkMs;
}

class Parts {
  readonly combiner = new WatermarkCombiner<number>();
  readonly #parts = new Map<number, CombinedPart<number>>();

  /** Whether the combiner says that its result changed; undefined for `register`. */
  apply(command: Command): boolean | undefined {
    const part = this.#parts.get(command.id);
    if (command.kind === "register") {
      if (part === undefined) this.#parts.set(command.id, this.combiner.register(command.id));
      return undefined;
    }
    if (part === undefined) return false;
    if (command.kind === "update") return this.combiner.update(part, command.watermarkMs);
    if (command.kind === "finish") return this.combiner.finish(part);
    if (command.kind !== "remove") return this.combiner.setIdle(part, command.kind === "idle");
    this.#parts.delete(command.id);
    return this.combiner.remove(part);
  }
}

describe("WatermarkCombiner", () => {
  test("agrees with the rule, recomputed from scratch", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: "max" }), (commands) => {
        const parts = new Parts();
        const model = new Map<number, ModelPart>();
        const [seen, expected]: [unknown[], unknown[]] = [[], []];
        let before = { watermarkMs: -Infinity, idle: false };
        for (const one of commands) {
          const changed = parts.apply(one);
          applyToModel(model, one);
          const after = naive(model, before.watermarkMs);
          seen.push([parts.combiner.watermarkMs, parts.combiner.idle, changed]);
          const shouldChange = after.watermarkMs !== before.watermarkMs || after.idle !== before.idle;
          expected.push([after.watermarkMs, after.idle, changed === undefined ? undefined : shouldChange]);
          before = after;
        }
        expect(seen).toEqual(expected);
      }),
      { numRuns: 500, ...replay },
    );
  });

  test("a finished part does not speak for idle ones", () => {
    const combiner = new WatermarkCombiner<string>();
    const quiet = combiner.register("quiet");
    const done = combiner.register("done");
    combiner.update(quiet, 10);
    combiner.setIdle(quiet, true);
    combiner.update(done, Infinity);
    expect([combiner.watermarkMs, combiner.idle]).toEqual([10, true]);
  });

  test("what a removed part still says counts for nothing", () => {
    const combiner = new WatermarkCombiner<string>();
    const gone = combiner.register("split", 5);
    combiner.remove(gone);
    combiner.register("split", 7);
    expect([
      combiner.update(gone, 9),
      combiner.setIdle(gone, true),
      combiner.finish(gone),
      combiner.remove(gone),
    ]).toEqual([false, false, false, false]);
    expect([combiner.watermarkMs, combiner.size]).toEqual([7, 1]);
  });

  test("names who holds the watermark back", () => {
    const combiner = new WatermarkCombiner<string>();
    const fast = combiner.register("fast");
    combiner.register("slow");
    combiner.update(fast, 5);
    expect(combiner.holder()).toBe("slow");
  });
});
