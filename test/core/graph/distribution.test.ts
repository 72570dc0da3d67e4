/**
 * Goal:   both ends of an exchange agree on who is connected, and nobody is left out.
 * Method: the whole connection table in plain code, from producers' and from consumers' side.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { channelCount, consumersOf, producersOf } from "../../../core/graph/distribution.ts";
import type { Distribution } from "../../../core/graph/distribution.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const distributions: fc.Arbitrary<Distribution> = fc.record({
  pattern: fc.constantFrom("pointwise", "all-to-all"),
  producers: fc.integer({ min: 1, max: 40 }),
  consumers: fc.integer({ min: 1, max: 40 }),
});

type Neighbours = (distribution: Distribution, index: number) => readonly number[];

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function consistent(consumers: Neighbours, producers: Neighbours): fc.IProperty<[Distribution]> {
  return fc.property(distributions, (distribution) => {
    const downwards = indices(distribution.producers).flatMap((producer) =>
      consumers(distribution, producer).map((consumer) => `${producer}-${consumer}`),
    );
    const upwards = indices(distribution.consumers).flatMap((consumer) =>
      producers(distribution, consumer).map((producer) => `${producer}-${consumer}`),
    );
    expect(downwards.toSorted()).toEqual(upwards.toSorted());
    expect(downwards).toHaveLength(channelCount(distribution));
    for (const producer of indices(distribution.producers))
      expect(consumers(distribution, producer)).not.toHaveLength(0);
    for (const consumer of indices(distribution.consumers))
      expect(producers(distribution, consumer)).not.toHaveLength(0);
  });
}

describe("connections", () => {
  test("are seen alike from both ends, cover everybody and come without repeats", () => {
    expect(() => fc.assert(consistent(consumersOf, producersOf), replay)).not.toThrow();
  });

  test("the check catches a formula that is rounded the wrong way", () => {
    const floored: Neighbours = (distribution, producer) => {
      const { pattern, producers, consumers } = distribution;
      if (pattern === "all-to-all" || producers >= consumers) return consumersOf(distribution, producer);
      const first = Math.floor((producer * consumers) / producers);
      return indices(consumers).filter(
        (consumer) => consumer >= first && consumer < Math.floor(((producer + 1) * consumers) / producers),
      );
    };
    expect(fc.check(consistent(floored, producersOf), replay).failed).toBe(true);
  });

  test("pointwise loads differ by one at most", () =>
    fc.assert(
      fc.property(distributions, ({ producers, consumers }) => {
        const distribution: Distribution = { pattern: "pointwise", producers, consumers };
        const loads =
          producers >= consumers
            ? indices(consumers).map((consumer) => producersOf(distribution, consumer).length)
            : indices(producers).map((producer) => consumersOf(distribution, producer).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      replay,
    ));
});

describe("Flink's examples of pointwise exchanges", () => {
  test.each([
    { producers: 4, consumers: 2, feeds: [[0], [0], [1], [1]] },
    {
      producers: 2,
      consumers: 4,
      feeds: [
        [0, 1],
        [2, 3],
      ],
    },
    { producers: 3, consumers: 2, feeds: [[0], [1], [1]] },
    { producers: 2, consumers: 3, feeds: [[0, 1], [2]] },
    { producers: 3, consumers: 3, feeds: [[0], [1], [2]] },
  ])("$producers to $consumers", ({ producers, consumers, feeds }) => {
    const distribution: Distribution = { pattern: "pointwise", producers, consumers };
    expect(indices(producers).map((producer) => consumersOf(distribution, producer))).toEqual(feeds);
  });
});

test("stays exact at the largest parallelism", () => {
  const distribution: Distribution = { pattern: "pointwise", producers: 32_768, consumers: 32_767 };
  for (const producer of [0, 1, 16_384, 32_766, 32_767]) {
    for (const consumer of consumersOf(distribution, producer))
      expect(producersOf(distribution, consumer)).toContain(producer);
  }
});

test("a subtask beyond the parallelism is our mistake", () => {
  expect(() => consumersOf({ pattern: "pointwise", producers: 2, consumers: 2 }, 2)).toThrow("MR3000");
  expect(() => producersOf({ pattern: "all-to-all", producers: 2, consumers: 2 }, -1)).toThrow("MR3000");
});
