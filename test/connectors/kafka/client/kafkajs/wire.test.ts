/** Kafka's primitive types: what is written is read again, at the edges of each range, and against bytes that the protocol's page gives. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireReader, WireWriter } from "../../../../../connectors/kafka/client/kafkajs/wire.ts";

function back<T>(write: (to: WireWriter) => void, read: (from: WireReader) => T): T {
  const to = new WireWriter(1);
  write(to);
  return read(new WireReader(to.done().buffer));
}

describe("wire", () => {
  test("integers of 64 bits, as Node.js writes them", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const to = new WireWriter().int64(value);
        expect(to.done().buffer.readBigInt64BE(0)).toBe(BigInt(value));
        expect(new WireReader(to.done().buffer).int64()).toBe(value);
      }),
    );
  });

  test("texts and arrays, also empty and null, in both forms", () => {
    const text = fc.option(fc.string({ unit: "grapheme", maxLength: 100 }));
    fc.assert(
      fc.property(text, fc.array(fc.nat(1_000), { maxLength: 140 }), (value, items) => {
        expect(
          back(
            (to) => to.text(value),
            (from) => from.text(),
          ),
        ).toBe(value);
        expect(
          back(
            (to) => to.compactText(value),
            (from) => from.compactText(),
          ),
        ).toBe(value);
        expect(
          back(
            (to) => to.array(items, (item) => to.int32(item)),
            (from) => from.array(() => from.int32()),
          ),
        ).toEqual(items);
        expect(
          back(
            (to) => to.compactArray(items, (item) => to.int16(item)),
            (from) => from.compactArray(() => from.int16()),
          ),
        ).toEqual(items);
      }),
    );
    expect(
      back(
        (to) => to.compactArray(null, () => undefined),
        (from) => from.compactArray(() => 0),
      ),
    ).toEqual([]);
  });

  test("lengths of compact forms count from one, seven bits a byte", () => {
    const to = new WireWriter().compactText("x".repeat(127)).noTags();
    expect([...to.done().buffer.subarray(0, 2)]).toEqual([0x80, 0x01]);
  });

  test("tagged fields are passed over", () => {
    const from = new WireReader(Buffer.from([2, 0, 1, 9, 5, 2, 9, 9, 42]));
    from.skipTags();
    expect(from.int8()).toBe(42);
  });

  test("an answer that ends too early is a RangeError", () => {
    expect(() => new WireReader(Buffer.from([0, 0, 0, 9, 1])).bytes()).toThrow(RangeError);
  });
});
