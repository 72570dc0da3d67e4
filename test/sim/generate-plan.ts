/** Plans by chance, as fast-check arbitraries: they shrink to calm deployments, few legs, few faults. */
import fc from "fast-check";
import { STORAGE_FAULTS } from "./disk.ts";
import { ELECTION_FAULTS } from "./election.ts";
import { KINDS, RATES, SITES } from "./fault-rates.ts";
import { JOB_FAULTS } from "./fault-sites.ts";
import type { Disaster, FaultRates, FaultSite, Leg, SimPlan } from "./plan.ts";

export const HEALED_MS = 20_000;

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

const unstopped: fc.Arbitrary<readonly Leg[]> = fc.record({ parallelism }).map((leg) => [leg]);

const stops: fc.Arbitrary<readonly Leg[]> = fc
  .tuple(fc.array(stopped, { maxLength: 2 }), last)
  .map(([before, end]) => [...before, end]);

/** Stopped by crashes only, after which another parallelism starts from the newest checkpoint. */
const crashed: fc.Arbitrary<readonly Leg[]> = fc
  .tuple(
    fc.array(
      fc.record({
        parallelism,
        stop: fc.record({ how: fc.constant<"crash">("crash"), after: fc.integer({ min: 1, max: 60 }) }),
      }),
      { maxLength: 2 },
    ),
    fc.record({ parallelism }),
  )
  .map(([before, end]) => [...before, end]);

/** Most places are left alone in any one run, so that in many runs only one kind of thing goes wrong. */
function ratesAt(sites: readonly FaultSite[], most: number): fc.Arbitrary<FaultRates> {
  return fc
    .array(fc.constantFrom(...sites), { maxLength: most })
    .map((struck) => Object.fromEntries(struck.map((site) => [site, RATES[site]])));
}

/** Of small channels and a slow network. */
const SLOW = {
  capacity: fc.constantFrom(16, 256, 3, 1),
  recordsPerStep: fc.constantFrom(10, 100, 3, 1),
  latencyMs: fc.constantFrom(5, 1, 30, 150),
  diskMs: fc.constantFrom(20, 1, 200, 500),
  checkpointMs: fc.constantFrom(1_000, 300, 3_000, 100),
};

/** In which a barrier is through in no time, so that much happens around each, and a timeout can be short. */
const FAST = {
  capacity: fc.constantFrom(16, 256),
  recordsPerStep: fc.constantFrom(3, 10, 100),
  latencyMs: fc.constantFrom(1, 5),
  diskMs: fc.constantFrom(1, 20),
  checkpointMs: fc.constantFrom(100, 300),
};

const PACE: { readonly burst: fc.Arbitrary<number>; readonly pauseMs: fc.Arbitrary<number> } = {
  burst: fc.constantFrom(1, 3, 10),
  pauseMs: fc.constantFrom(200, 1_000, 3_000),
};

/** In which records wait everywhere, so that barriers have something to overtake. */
const CROWDED = {
  capacity: fc.constantFrom(16, 256, 3),
  recordsPerStep: fc.constantFrom(1, 3),
  slowMs: fc.constantFrom(100, 300, 1_000),
  burst: fc.constantFrom(3, 10),
  pauseMs: fc.constantFrom(1, 50),
  latencyMs: fc.constantFrom(1, 5, 30),
  diskMs: fc.constantFrom(1, 20),
  checkpointMs: fc.constantFrom(100, 300),
};

/** The longer times are those of a barrier on its way, so that in some tasks it is through before. */
const OVERTAKING = [0, 0, 20, 200];

interface Theme {
  readonly speed: typeof SLOW | typeof FAST | typeof CROWDED;
  readonly legs: fc.Arbitrary<readonly Leg[]>;
  readonly rates: fc.Arbitrary<FaultRates>;
  readonly disasters: fc.Arbitrary<readonly Disaster[]>;
}

const NONE: fc.Arbitrary<readonly Disaster[]> = fc.constant([]);

/** What goes wrong together: a fault finds most while the thing that it can break goes on. */
const THEMES: readonly (Theme & { readonly weight: number })[] = [
  { weight: 3, speed: FAST, legs: unstopped, rates: ratesAt(JOB_FAULTS, 3), disasters: NONE },
  {
    weight: 2,
    speed: FAST,
    legs: unstopped,
    rates: ratesAt([...STORAGE_FAULTS, ...ELECTION_FAULTS, "record"], 3),
    disasters: NONE,
  },
  {
    weight: 3,
    speed: FAST,
    legs: stops,
    rates: ratesAt(["commit-before", "commit-after", "record", "pointer"], 2),
    disasters: NONE,
  },
  { weight: 2, speed: FAST, legs: unstopped, rates: ratesAt(SITES, 1), disasters: usual },
  { weight: 1, speed: FAST, legs: unstopped, rates: ratesAt(SITES, 1), disasters: damaging },
  { weight: 3, speed: SLOW, legs: stops, rates: ratesAt(SITES, 4), disasters: usual },
  {
    weight: 4,
    speed: CROWDED,
    legs: crashed,
    rates: ratesAt(["record", "snapshot", "write", "slow"], 2),
    disasters: NONE,
  },
  { weight: 1, speed: CROWDED, legs: stops, rates: ratesAt(SITES, 1), disasters: usual },
];

/**
 * Through small channels and a slow network a barrier needs longer than a short timeout allows, however often it is tried: such a job makes no progress, and
 * none is to be expected.
 */
function timeouts(speed: Theme["speed"]): fc.Arbitrary<number> {
  return speed === FAST ? fc.constantFrom(20_000, 2_000, 1_000) : fc.constant(120_000);
}

/** Mostly not where little waits: what else can break must be found too. */
function unaligned(speed: Theme["speed"]): fc.Arbitrary<number | undefined> {
  return speed === CROWDED
    ? fc.constantFrom(undefined, ...OVERTAKING)
    : fc.constantFrom(undefined, undefined, ...OVERTAKING.slice(1));
}

function plansOf({ speed, ...theme }: Theme): fc.Arbitrary<SimPlan> {
  return fc.record({
    seed: fc.nat(),
    legs: theme.legs,
    spareSlots: fc.integer({ min: 0, max: 2 }),
    maxParallelism: fc.constantFrom(128, 16, 5),
    concurrent: fc.constantFrom(1, 1, 2, 3),
    minPauseMs: fc.constantFrom(0, 0, 0, 500),
    checkpointTimeoutMs: timeouts(speed),
    tolerable: fc.constantFrom(1_000, 0, 2),
    unalignedMs: unaligned(speed),
    ...PACE,
    ...speed,
    drift: fc.constantFrom(0, 0, 50),
    chaining: fc.boolean(),
    asyncSink: fc.boolean(),
    probes: fc.boolean(),
    rates: theme.rates,
    disasters: theme.disasters,
    failover: fc.constantFrom("region", "region", "region", "full"),
    healedMs: fc.constant(HEALED_MS),
  });
}

export const plans: fc.Arbitrary<SimPlan> = fc.oneof(
  ...THEMES.map(({ weight, ...theme }) => ({ weight, arbitrary: plansOf(theme) })),
);
