/** Conserving pipelines by chance, as plain data. */
import fc from "fast-check";
import { sampled } from "../generate.ts";
import type { Conserving, ConservingDescription } from "./index.ts";
import type { NumberedSource } from "./numbered.ts";

const source: fc.Arbitrary<NumberedSource> = fc.record({
  splits: fc.integer({ min: 1, max: 4 }),
  records: fc.integer({ min: 1, max: 30 }),
  keys: fc.integer({ min: 1, max: 3 }),
  stepMs: fc.constantFrom(6, 3, 1),
  behindPercent: fc.constantFrom(35, 10, 60),
  behindMs: fc.integer({ min: 1, max: 200 }),
  boundMs: fc.constantFrom(0, 5, 10),
  seed: fc.nat(),
});

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const timeWindows: fc.Arbitrary<Conserving> = fc
  .record({
    kind: fc.constant("time-windows" as const),
    assigner: fc.constantFrom("tumbling", "sliding", "session"),
    sizeMs: ms(40),
    slideMs: ms(40),
    latenessMs: fc.constantFrom(0, 0, 15, 60),
    earlyMs: fc.constantFrom(0, 0, 7),
  })
  .map((windows) => ({ ...windows, slideMs: Math.min(windows.slideMs, windows.sizeMs) }));

const processingWindows: fc.Arbitrary<Conserving> = fc.record({
  kind: fc.constant("processing-windows" as const),
  assigner: fc.constantFrom("tumbling", "sliding", "session"),
  sizeMs: ms(4),
  windowsPerRecord: fc.integer({ min: 1, max: 3 }),
});

const countWindows: fc.Arbitrary<Conserving> = fc
  .record({
    kind: fc.constant("count-windows" as const),
    size: fc.integer({ min: 1, max: 6 }),
    slide: fc.integer({ min: 1, max: 6 }),
  })
  .map((windows) => ({ ...windows, slide: Math.min(windows.slide, windows.size) }));

const timers: fc.Arbitrary<Conserving> = fc.record({
  kind: fc.constant("timers" as const),
  time: fc.constantFrom("event", "processing"),
  delayMs: fc.integer({ min: 0, max: 5 }),
});

const expiring: fc.Arbitrary<Conserving> = fc.record({ kind: fc.constant("expiring" as const), ttlMs: ms(60) });

export const conservingDescriptions: fc.Arbitrary<ConservingDescription> = fc.record({
  source,
  of: fc.oneof(
    { arbitrary: timeWindows, weight: 5 },
    { arbitrary: processingWindows, weight: 1 },
    { arbitrary: countWindows, weight: 1 },
    { arbitrary: timers, weight: 2 },
    { arbitrary: expiring, weight: 2 },
  ),
});

/** The conserving pipeline of a seed. */
export function describeConserving(seed: number): ConservingDescription {
  return sampled(conservingDescriptions, seed);
}
