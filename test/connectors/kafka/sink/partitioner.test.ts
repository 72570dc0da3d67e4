/** Our hash of keys against that of kafkajs, for random bytes, and against values that Java's clients are known to compute. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur2, partitionOfKey } from "../../../../connectors/kafka/sink/partitioner.ts";

const require = createRequire(import.meta.url);
const theirs = require("kafkajs/src/producer/partitioners/default/murmur2") as (key: Buffer) => number;

describe("the partition of a key", () => {
  it("is the one that kafkajs chooses", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(murmur2(bytes) & 0x7fff_ffff).toBe(theirs(Buffer.from(bytes)) & 0x7fff_ffff);
      }),
    );
  });

  it("is the one that Java chooses", () => {
    expect(murmur2(Buffer.from("21"))).toBe(-973_932_308);
    expect(murmur2(Buffer.from("foobar"))).toBe(-790_332_482);
    expect(murmur2(Buffer.from("a-little-bit-long-string"))).toBe(-985_981_536);
  });

  it("is the same for text and for its bytes", () => {
    expect(partitionOfKey("grün", 7)).toBe(partitionOfKey(Buffer.from("grün"), 7));
  });
});
