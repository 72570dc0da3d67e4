/** Plans by chance, as fast-check arbitraries: they shrink to calm deployments, few legs, few faults. */
import fc from "fast-check";
import { KINDS, RATES, SITES } from "./fault-rates.ts";
import type { Disaster, FaultRates, Leg, SimPlan } from "./plan.ts";

export const HEALED_MS = 20_000;

/** Most places are left alone in any one run, so that in many runs only one kind of thing goes wrong. */
const rates: fc.Arbitrary<FaultRates> = fc
  .array(fc.constantFrom(...SITES), { maxLength: 4 })
  .map((sites) => Object.fromEntries(sites.map((site) => [site, RATES[site]])));

const usual: fc.Arbitrary<readonly Disaster[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    // Most jobs last a few seconds, if nothing goes wrong.
    atMs: fc.oneof(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 0, max: HEALED_MS - 1 })),
    who: fc.nat(999),
    durationMs: fc.constantFrom(300, 2_000, 9_000, 25_000),
  }),
  { maxLength: 5 },
);

/** A file is damaged, and then somebody may have to read it. */
const damaging: fc.Arbitrary<readonly Disaster[]> = fc
  .record({
    atMs: fc.integer({ min: 0, max: 8_000 }),
    who: fc.nat(999),
    laterMs: fc.integer({ min: 1, max: 2_000 }),
    crash: fc.constantFrom("crash-slot", "crash-master", "crash-all"),
  })
  .map(({ atMs, who, laterMs, crash }) => [
    { kind: "damage", atMs, who, durationMs: 0 },
    { kind: crash, atMs: atMs + laterMs, who, durationMs: 0 },
  ]);

const disasters: fc.Arbitrary<readonly Disaster[]> = fc.oneof(
  { weight: 9, arbitrary: usual },
  { weight: 1, arbitrary: damaging },
);

const parallelism: fc.Arbitrary<number> = fc.constantFrom(1, 2, 2, 3, 4);

const stopped: fc.Arbitrary<Leg> = fc.record({
  parallelism,
  stop: fc.record({
    how: fc.constantFrom("suspend", "savepoint", "crash"),
    after: fc.integer({ min: 0, max: 60 }),
  }),
});

const last: fc.Arbitrary<Leg> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ parallelism }) },
  {
    weight: 1,
    arbitrary: fc.record({
      parallelism,
      stop: fc.record({ how: fc.constant<"drain">("drain"), after: fc.integer({ min: 0, max: 60 }) }),
    }),
  },
);

const legs: fc.Arbitrary<readonly Leg[]> = fc
  .tuple(fc.oneof(fc.constant([]), fc.array(stopped, { maxLength: 2 })), last)
  .map(([before, end]) => [...before, end]);

/**
 * Through small channels and a slow network a barrier needs longer than a short timeout allows, however often it is tried: such a job makes no progress, and
 * none is to be expected.
 */
function feasible(plan: SimPlan): SimPlan {
  const isFast = plan.capacity >= 16 && plan.latencyMs <= 5 && plan.recordsPerStep > 1 && plan.diskMs <= 20;
  return isFast ? plan : { ...plan, checkpointTimeoutMs: 120_000 };
}

const raw: fc.Arbitrary<SimPlan> = fc.record({
  seed: fc.nat(),
  legs,
  spareSlots: fc.integer({ min: 0, max: 2 }),
  maxParallelism: fc.constantFrom(128, 16, 5),
  checkpointMs: fc.constantFrom(1_000, 300, 3_000, 100),
  concurrent: fc.constantFrom(1, 1, 2, 3),
  minPauseMs: fc.constantFrom(0, 0, 0, 500),
  checkpointTimeoutMs: fc.constantFrom(20_000, 2_000, 1_000),
  tolerable: fc.constantFrom(1_000, 0, 2),
  capacity: fc.constantFrom(16, 16, 256, 3, 1),
  recordsPerStep: fc.constantFrom(10, 10, 3, 100, 1),
  burst: fc.constantFrom(1, 3, 10),
  pauseMs: fc.constantFrom(200, 1_000, 3_000),
  latencyMs: fc.constantFrom(5, 5, 1, 1, 30, 150),
  diskMs: fc.constantFrom(20, 20, 1, 1, 200, 500),
  drift: fc.constantFrom(0, 0, 50),
  chaining: fc.boolean(),
  asyncSink: fc.boolean(),
  probes: fc.boolean(),
  rates,
  disasters,
  healedMs: fc.constant(HEALED_MS),
});

export const plans: fc.Arbitrary<SimPlan> = raw.map(feasible);
