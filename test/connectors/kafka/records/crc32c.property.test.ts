/**
 * The checksum, word by word, against the definition, bit by bit.
 *
 * Goal:   the same number for any bytes, wherever they begin in memory and however many they are.
 * Method: random bytes within a larger array, at any alignment, short and long; one bit that differs must show.
 * Replay: `MILLRACE_SEED=<seed>`.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32c } from "../../../../connectors/kafka/records/crc32c.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = seed === undefined ? { numRuns: 500 } : { seed: Number(seed), numRuns: 500 };

function naive(bytes: readonly number[]): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc = (crc ^ byte) >>> 0;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? ((crc >>> 1) ^ 0x82f6_3b78) >>> 0 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

const within = fc.record({
  before: fc.array(fc.nat(255), { maxLength: 9 }),
  bytes: fc.array(fc.nat(255), { maxLength: 100 }),
  behind: fc.array(fc.nat(255), { maxLength: 9 }),
  viewFrom: fc.nat(9),
});

it("is that of the definition, at any alignment", () => {
  fc.assert(
    fc.property(within, ({ before, bytes, behind, viewFrom }) => {
      const all = Uint8Array.of(...before, ...bytes, ...behind);
      const start = Math.min(viewFrom, before.length);
      const view = all.subarray(start);
      const from = before.length - start;
      expect(crc32c(view, from, from + bytes.length)).toBe(naive(bytes));
    }),
    parameters,
  );
});

it("shows a bit that has changed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (bytes, at) => {
      const before = crc32c(bytes, 0, bytes.length);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (at % 8));
      expect(crc32c(bytes, 0, bytes.length)).not.toBe(before);
    }),
    parameters,
  );
});
