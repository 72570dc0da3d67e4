/** Plans by chance: how a pipeline is stopped, resumed with another parallelism, and what goes wrong meanwhile. */
import fc from "fast-check";
import { FAULT_SITES } from "./faults.ts";
import type { FaultPlan } from "./faults.ts";
import type { Leg, Plan, Stop } from "./loop.ts";

const parallelism: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5);

const surroundings = {
  seed: fc.nat(),
  burst: fc.constantFrom(1, 2, 5, 20),
  checkpointMs: fc.integer({ min: 1, max: 5 }),
  concurrent: fc.constantFrom(1, 1, 3),
  capacity: fc.constantFrom(1, 3, 256),
  asyncSink: fc.boolean(),
  chaining: fc.boolean(),
};

export function legs(records: number, how: fc.Arbitrary<Stop>): fc.Arbitrary<readonly Leg[]> {
  const stop = fc.record({ how, after: fc.integer({ min: 0, max: records }), slack: fc.integer({ min: 1, max: 20 }) });
  return fc
    .tuple(fc.array(fc.record({ parallelism, stop }), { minLength: 1, maxLength: 3 }), parallelism)
    .map(([stopped, last]) => [
      // Each leg has only what the ones before left.
      ...stopped.map((leg) => ({ ...leg, stop: { ...leg.stop, after: Math.floor(leg.stop.after / stopped.length) } })),
      { parallelism: last },
    ]);
}

/** One to three places, each struck once or twice. */
export const faults: fc.Arbitrary<FaultPlan> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...FAULT_SITES),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 2 }),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((strikes) =>
    Object.fromEntries(strikes.map(([site, at]) => [site, site === "record" ? at.map((count) => count * 4) : at])),
  );

export function stopPlans(records: number): fc.Arbitrary<Plan> {
  return fc.record({
    ...surroundings,
    legs: legs(records, fc.constantFrom("suspend", "savepoint", "checkpoint")),
    faults: fc.constant({}),
  });
}

export const faultPlans: fc.Arbitrary<Plan> = fc.record({
  ...surroundings,
  legs: parallelism.map((p): readonly Leg[] => [{ parallelism: p }]),
  faults,
});

/** Both at once. */
export function stormPlans(records: number): fc.Arbitrary<Plan> {
  return fc.record({
    ...surroundings,
    legs: legs(records, fc.constantFrom("suspend", "savepoint", "checkpoint")),
    faults,
  });
}

/** Drained and resumed, up to three times. */
export function drainedPlans(records: number): fc.Arbitrary<Plan> {
  return fc.record({ ...surroundings, legs: legs(records, fc.constant<Stop>("drain")), faults: fc.constant({}) });
}

/** Drained, and that was that. */
export function drainPlans(records: number): fc.Arbitrary<Plan> {
  return fc.record({
    ...surroundings,
    legs: fc
      .record({
        parallelism,
        stop: fc.record({
          how: fc.constant<Stop>("drain"),
          after: fc.integer({ min: 0, max: records }),
          slack: fc.integer({ min: 1, max: 20 }),
        }),
      })
      .map((leg) => [leg]),
    faults: fc.constant({}),
  });
}
