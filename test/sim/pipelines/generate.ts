/**
 * Pipelines by chance, as plain data: exact ones. Records are out of order by less than the bound of their watermarks, so that none is late.
 *
 * In:    choices of fast-check, or a seed. Out: descriptions, which shrink to few sources, few stages and small numbers.
 */
import fc from "fast-check";
import type { SourceDescription } from "./sources.ts";
import type { Gene } from "./stage.ts";
import { STAGES } from "./stages/index.ts";
import type { ExactDescription } from "./wiring.ts";

const source: fc.Arbitrary<SourceDescription> = fc.record({
  splits: fc.integer({ min: 1, max: 4 }),
  records: fc.integer({ min: 1, max: 30 }),
  uneven: fc.boolean(),
  keys: fc.integer({ min: 1, max: 5 }),
  startMs: fc.constantFrom(0, -75, 1_000),
  stepMs: fc.constantFrom(3, 1, 3, 0),
  jitterMs: fc.integer({ min: 0, max: 30 }),
  watermarks: fc.constantFrom("punctual", "periodic", "at the end"),
  seed: fc.nat(),
});

const small: fc.Arbitrary<number> = fc.nat(60);

const gene: fc.Arbitrary<Gene> = fc.record({
  stage: fc.constantFrom(...Object.keys(STAGES)),
  input: fc.nat(5),
  a: small,
  b: small,
  c: small,
  parallelism: fc.constantFrom(0, 0, 0, 1, 2, 3),
  tap: fc.constantFrom(false, false, false, true),
});

const connected: fc.Arbitrary<ExactDescription> = fc.record({
  sources: fc.array(source, { minLength: 1, maxLength: 2 }),
  genes: fc.array(gene, { minLength: 1, maxLength: 4 }),
});

/** Stages that keep the subtasks of a stream apart from each other. */
const FORWARD = ["map", "filter", "flat-map", "flat-map-iterable", "side-output", "timestamps", "union", "connect"];

/** Jobs of many pipelined regions: one per subtask and stream, unless streams meet. */
const apart: fc.Arbitrary<ExactDescription> = fc.record({
  sources: fc.array(source, { minLength: 1, maxLength: 3 }),
  genes: fc.array(
    fc.tuple(gene, fc.constantFrom(...FORWARD)).map(([drawn, stage]) => ({ ...drawn, stage })),
    { minLength: 1, maxLength: 3 },
  ),
});

/** Exact pipelines. */
export const exactDescriptions: fc.Arbitrary<ExactDescription> = fc.oneof(
  { weight: 3, arbitrary: connected },
  { weight: 2, arbitrary: apart },
);

/** The pipeline of a seed. */
export function describeExact(seed: number): ExactDescription {
  return sampled(exactDescriptions, seed);
}

/** What an arbitrary makes of a seed; always the same. */
export function sampled<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  const [description] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (description === undefined) throw new Error("an arbitrary makes one sample, if asked for one");
  return description;
}
