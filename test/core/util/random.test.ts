/** The seeded generator: repeatable, spread over [0, 1), and the hexadecimal digits made from it. */
import { describe, expect, test } from "vitest";
import { randomHex, SeededRandom } from "../../../core/util/random.ts";

function draw(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

describe("SeededRandom", () => {
  test("repeats itself from the same seed, and differs from another", () => {
    expect(draw(7, 20)).toEqual(draw(7, 20));
    expect(draw(7, 20)).not.toEqual(draw(8, 20));
  });

  test("fills [0, 1) evenly", () => {
    const numbers = draw(1, 10_000);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.12);
    }
  });

  test("takes any number as a seed", () => {
    expect(draw(-1, 3)).toEqual(draw(4_294_967_295, 3));
  });
});

describe("randomHex", () => {
  test("gives as many digits as asked for", () => {
    const random = new SeededRandom(3);
    expect(randomHex(random, 32)).toMatch(/^[0-9a-f]{32}$/);
    expect(randomHex(random, 0)).toBe("");
  });
});
