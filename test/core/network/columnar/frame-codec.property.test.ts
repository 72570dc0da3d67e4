/**
 * Goal:   a frame brings back what the row codec would bring back, refuses what it refuses, and no damage makes a decoder crash or allocate without bound.
 * Method: batches of random shapes and kinds through one encoder and one decoder, against the row codec, record by record; one odd record at any place of a
 *         batch; frames with flipped and missing bytes.
 * Replay: a failure prints its seed and its smallest counterexample; `MILLRACE_SEED=<seed> npx vitest run <this file>` runs that again.
 */
// covers: core/network/columnar/*
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../../../core/network/columnar/frame-decoder.ts";
import type { DecodedRecords } from "../../../../core/network/columnar/frame-decoder.ts";
import { FrameEncoder } from "../../../../core/network/columnar/frame-encoder.ts";
import { GeneratedCodecs } from "../../../../core/network/columnar/generated-codecs.ts";
import { decodeValue, encodeValue } from "../../../../core/types/value-codec.ts";
import { isMillraceError } from "../../../../core/util/errors.ts";
import { replay } from "../../../harness/replay.ts";
import { deepEquals } from "../../types/deep-equals.ts";
import { anything, batches } from "./batches.ts";

/** One for all, as in a thread; compiling anew for every batch would take most of the time. */
const codecs = new GeneratedCodecs();

const timestamps = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(NaN, -Infinity, Infinity, -0, 0.5));

function decoded(decoder: FrameDecoder, frame: Uint8Array): DecodedRecords {
  const into: DecodedRecords = { values: [], timestampsMs: new Float64Array(0) };
  const count = decoder.decode(frame, into);
  expect(into.values).toHaveLength(count);
  return { values: into.values, timestampsMs: into.timestampsMs.subarray(0, count) };
}

/** What the row codec has to say to a batch: the values that come back, or the text of its refusal of the first that it refuses. */
function naive(batch: readonly unknown[]): readonly unknown[] | string {
  try {
    return batch.map((value) => decodeValue(encodeValue(value)));
  } catch (error) {
    if (isMillraceError(error)) return error.message;
    throw error;
  }
}

function clever(encoder: FrameEncoder, decoder: FrameDecoder, batch: readonly unknown[]): readonly unknown[] | string {
  try {
    return decoded(decoder, encoder.encode(batch, new Float64Array(batch.length), 0, batch.length)).values;
  } catch (error) {
    if (isMillraceError(error)) return error.message;
    throw error;
  }
}

/** The first difference, for the report. */
function differs(left: readonly unknown[] | string, right: readonly unknown[] | string): string | undefined {
  if (typeof left === "string" || typeof right === "string")
    return left === right ? undefined : `${fc.stringify(left)} / ${fc.stringify(right)}`;
  if (left.length !== right.length) return `${left.length} / ${right.length} records`;
  const at = left.findIndex((value, index) => !deepEquals(value, right[index]));
  return at === -1 ? undefined : `record ${at}: ${fc.stringify(left[at])} / ${fc.stringify(right[at])}`;
}

describe("frames", () => {
  test.each([{ plain: false }, { plain: true }])("bring back what rows bring back ($plain)", ({ plain }) => {
    fc.assert(
      fc.property(batches, (given) => {
        const encoder = new FrameEncoder({ plain, codecs });
        const decoder = new FrameDecoder({ codecs });
        for (const batch of given) expect(differs(clever(encoder, decoder, batch), naive(batch))).toBe(undefined);
      }),
      { numRuns: plain ? 50 : 250, ...replay },
    );
  });

  test("do not depend on each other: any decoder reads them, in any order, from any place in memory", () => {
    fc.assert(
      fc.property(batches, fc.nat(9), (given, offset) => {
        const encoder = new FrameEncoder({ codecs });
        const frames = given.map((batch) => encoder.encode(batch, new Float64Array(batch.length), 0, batch.length));
        const decoder = new FrameDecoder({ codecs });
        for (const [index, frame] of [...frames.entries()].reverse()) {
          expect(frame.byteLength).toBe(frame.buffer.byteLength);
          const moved = new Uint8Array(frame.length + offset);
          moved.set(frame, offset);
          const { values } = decoded(decoder, moved.subarray(offset));
          moved.fill(255); // nothing that came out lies in the frame
          expect(differs(values, naive(given[index] ?? []))).toBe(undefined);
        }
      }),
      { numRuns: 150, ...replay },
    );
  });

  test("carry timestamps of any kind, and a part of the arrays only", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anything, timestamps), { maxLength: 30 }),
        fc.nat(),
        fc.nat(),
        (records, one, other) => {
          const from = Math.min(one % (records.length + 1), other % (records.length + 1));
          const to = Math.max(one % (records.length + 1), other % (records.length + 1));
          const values = records.map(([value]) => value);
          const timestampsMs = Float64Array.from(records, ([, timestampMs]) => timestampMs);
          const back = decoded(
            new FrameDecoder({ codecs }),
            new FrameEncoder({ codecs }).encode(values, timestampsMs, from, to),
          );
          expect(differs(back.values, naive(values.slice(from, to)))).toBe(undefined);
          expect(deepEquals([...back.timestampsMs], [...timestampsMs.subarray(from, to)])).toBe(true);
        },
      ),
      { numRuns: 200, ...replay },
    );
  });

  test("with one odd record at any place", () => {
    class Money {}
    class Rows extends Array<number> {}
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const odd: readonly unknown[] = [
      { id: 1, name: (): number => 1 },
      { id: 1, name: Symbol("s") },
      { id: 1, name: cycle },
      { id: 1, name: { deep: [new Money()] } },
      Object.assign(new Money(), { id: 1, name: "x" }),
      Object.assign(Object.create({}) as object, { id: 1, name: "x" }),
      Object.assign(Object.create(null) as object, { id: 1, name: "x" }),
      Object.assign(Object.create({ name: "inherited" }) as object, { id: 1 }),
      Object.assign(new Map(), { id: 1, name: "x" }),
      new Rows(),
      Object.assign([], { length: 2 }), // holes
      [undefined, 1],
      { name: "x", id: 1 },
      { id: 1 },
      { id: 1, name: undefined },
      { id: -0, name: "x" },
      { id: 2 ** 40, name: "x" },
      { id: 0.5, name: "\u0100" },
      { id: 1n, name: new Date(NaN) },
      { id: 1, name: "x", ["__proto__"]: 1 },
      {},
      [],
      "text",
      null,
    ];
    const usual: readonly ((index: number) => unknown)[] = [
      (index) => ({ id: index, name: `n${index}` }),
      (index) => [index, `n${index}`],
      () => ({}),
      (index) => (index % 2 === 0 ? { id: index, name: "a" } : { id: index, other: true }),
      (index) => index,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...usual),
        fc.constantFrom(...odd),
        fc.nat(30),
        fc.boolean(),
        (make, oddity, place, warm) => {
          const encoder = new FrameEncoder({ codecs });
          const decoder = new FrameDecoder({ codecs });
          const batch = Array.from({ length: 31 }, (_, index) => make(index));
          if (warm) expect(differs(clever(encoder, decoder, batch), naive(batch))).toBe(undefined);
          const spoilt = batch.with(place, oddity);
          expect(differs(clever(encoder, decoder, spoilt), naive(spoilt))).toBe(undefined);
          expect(differs(clever(encoder, decoder, batch), naive(batch))).toBe(undefined);
        },
      ),
      { numRuns: 400, ...replay },
    );
  });
});

describe("damaged frames", () => {
  /** Damage in a number or a name is not seen; all else is an error, and never a crash. */
  function readAnyway(frame: Uint8Array): void {
    try {
      decoded(new FrameDecoder({ codecs }), frame);
    } catch (error) {
      expect(isMillraceError(error) ? error.code : error).toMatch(/^MR410[24]$/);
    }
  }

  test("with flipped bits", () => {
    fc.assert(
      fc.property(
        batches,
        fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }),
        fc.nat(3),
        (given, flips, near) => {
          const encoder = new FrameEncoder({ codecs });
          const [batch = []] = given;
          const frame = encoder.encode(batch, new Float64Array(batch.length), 0, batch.length);
          for (const [place, bit] of flips) {
            const at = near === 0 ? place % Math.min(frame.length, 40) : place % frame.length; // lengths and header more often
            frame[at] = (frame[at] ?? 0) ^ (1 << bit);
          }
          readAnyway(frame);
        },
      ),
      { numRuns: 400, ...replay },
    );
  });

  test("with large numbers in place of lengths", () => {
    fc.assert(
      fc.property(
        batches,
        fc.nat(),
        fc.constantFrom(0xffff_ffff, 0x7fff_ffff, 0x00ff_ffff, 0),
        (given, place, length) => {
          const [batch = []] = given;
          const frame = new FrameEncoder({ codecs }).encode(batch, new Float64Array(batch.length), 0, batch.length);
          new DataView(frame.buffer).setUint32((place % Math.floor(frame.length / 4)) * 4, length, true);
          readAnyway(frame);
        },
      ),
      { numRuns: 300, ...replay },
    );
  });

  test("that end too early are refused", () => {
    fc.assert(
      fc.property(batches, fc.nat(), (given, length) => {
        const [batch = []] = given;
        const frame = new FrameEncoder({ codecs }).encode(batch, new Float64Array(batch.length), 0, batch.length);
        expect(() => decoded(new FrameDecoder({ codecs }), frame.slice(0, length % frame.length))).toThrow(/MR4102/);
        expect(() => decoded(new FrameDecoder({ codecs }), Buffer.concat([frame, Buffer.alloc(8)]))).toThrow(/MR4102/);
      }),
      { numRuns: 200, ...replay },
    );
  });
});
