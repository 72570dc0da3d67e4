/**
 * Record batches, ours against those of kafkajs, which was written by others.
 *
 * Goal:   what we encode, they read; what they encode, we read; keys, values, headers, times and offsets are the same.
 * Method: random records, with null, empty and non-ASCII parts, times in any order; each way once.
 * Replay: `MILLRACE_SEED=<seed>`.
 */
// covers: connectors/kafka/records/*
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../../../connectors/kafka/records/batch-builder.ts";
import { crc32c } from "../../../../connectors/kafka/records/crc32c.ts";
import { openBatches } from "../../../../connectors/kafka/records/open-batches.ts";
import { RecordCursor } from "../../../../connectors/kafka/records/record-cursor.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = seed === undefined ? { numRuns: 200 } : { seed: Number(seed), numRuns: 200 };

interface Rec {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
}

interface TheirRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null>;
}

const require = createRequire(import.meta.url);
const Decoder = require("kafkajs/src/protocol/decoder") as new (bytes: Buffer) => unknown;
const decodeTheirs = require("kafkajs/src/protocol/recordBatch/v0/decoder") as (decoder: unknown) => Promise<{
  records: TheirRecord[];
  producerId: string;
  producerEpoch: number;
  firstSequence: number;
  inTransaction: boolean;
}>;
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0") as {
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
};
const TheirRecordEncoder = require("kafkajs/src/protocol/recordBatch/record/v0") as (record: object) => unknown;

const text = fc.oneof(fc.constant(null), fc.string(), fc.string({ unit: "grapheme", maxLength: 300 }));
const recordWithHeaders = (name: fc.Arbitrary<string>): fc.Arbitrary<Rec> =>
  fc.record({
    key: text,
    value: text,
    timestampMs: fc.oneof(
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
    ),
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.uniqueArray(fc.record({ key: name, value: text }), {
        maxLength: 4,
        selector: ({ key }) => key,
      }),
    ),
  });
const headerName = fc.string({ minLength: 1 });
const records = fc.array(recordWithHeaders(headerName), { minLength: 1, maxLength: 40 });

// kafkajs collects headers in a plain object, so that it takes a first `toString` or `constructor` for a second one.
const readableByThem = headerName.filter((name) => !(name in Object.prototype));
const recordsForThem = fc.array(recordWithHeaders(readableByThem), { minLength: 1, maxLength: 40 });

function encode(all: readonly Rec[]): BatchBuilder {
  const builder = new BatchBuilder();
  for (const { key, value, timestampMs, headers } of all)
    builder.append(key === null ? null : Buffer.from(key), value, timestampMs, headers);
  return builder;
}

function decode(bytes: Uint8Array, from = 0): (Rec & { offset: number })[] {
  const opened = openBatches(bytes, { codecs: {}, place: "t-0" });
  if (!(opened instanceof Uint8Array)) throw new Error("nothing here needs a promise");
  const cursor = new RecordCursor(opened, { from });
  const all = [];
  while (cursor.next()) {
    all.push({
      offset: cursor.offset,
      key: cursor.keyBytes < 0 ? null : cursor.text(cursor.keyAt, cursor.keyBytes),
      value: cursor.valueBytes < 0 ? null : cursor.text(cursor.valueAt, cursor.valueBytes),
      timestampMs: cursor.timestampMs,
      headers: cursor
        .headers()
        .map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value).toString() })),
    });
  }
  return all;
}

function withOffset(batch: Uint8Array, offset: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(BigInt(offset), 0);
  return copy;
}

describe("record batches", () => {
  it("of ours are read by kafkajs", () =>
    fc.assert(
      fc.asyncProperty(recordsForThem, async (all) => {
        const producer = { producerId: 4_711, epoch: 3, firstSequence: 12, isTransactional: true };
        const batch = encode(all).seal(producer);
        const theirs = await decodeTheirs(new Decoder(withOffset(batch, 100)));
        expect(theirs).toMatchObject({ producerId: "4711", producerEpoch: 3, firstSequence: 12, inTransaction: true });
        expect(theirs.records.map(({ offset }) => Number(offset))).toEqual(all.map((_, at) => 100 + at));
        expect(
          theirs.records.map(({ key, value, timestamp, headers }) => ({
            key: key?.toString() ?? null,
            value: value?.toString() ?? null,
            timestampMs: Number(timestamp),
            headers: Object.entries(headers)
              .map(([name, bytes]) => ({ key: name, value: bytes?.toString() ?? null }))
              .toSorted(byKey),
          })),
        ).toEqual(all.map((one) => ({ ...one, headers: [...one.headers].toSorted(byKey) })));
      }),
      parameters,
    ));

  it("of kafkajs are read by us, and ours too, from any offset", () =>
    fc.assert(
      fc.asyncProperty(records, fc.nat(60), async (all, from) => {
        const plain = all.map((one) => ({ ...one, headers: [] }));
        const [first] = plain;
        const theirs = await RecordBatch({
          firstTimestamp: first?.timestampMs,
          maxTimestamp: Math.max(...plain.map(({ timestampMs }) => timestampMs)),
          records: plain.map(({ key, value, timestampMs }, offsetDelta) =>
            TheirRecordEncoder({ key, value, offsetDelta, timestampDelta: timestampMs - (first?.timestampMs ?? 0) }),
          ),
        });
        const bytes = Buffer.concat([
          theirs.buffer,
          withOffset(encode(all).seal(undefined), plain.length),
          theirs.buffer.subarray(0, Math.min(70, theirs.buffer.length - 1)),
        ]);
        const expected = [...plain, ...all].map((one, offset) => ({ offset, ...one }));
        expect(decode(bytes, from)).toEqual(expected.filter(({ offset }) => offset >= from));
      }),
      parameters,
    ));

  it("that are compressed come out as they were", () =>
    fc.assert(
      fc.property(records, (all) => {
        const builder = encode(all);
        const bytes = builder.seal(undefined, { by: "gzip", records: gzipSync(builder.records) });
        expect(
          decode(Buffer.concat([withOffset(bytes, 0), withOffset(encode(all).seal(undefined), all.length)])),
        ).toEqual([...all, ...all].map((one, offset) => ({ offset, ...one })));
      }),
      parameters,
    ));

  it("with one bit changed are refused", () => {
    const batch = Buffer.from(encode([{ key: "k", value: "v", timestampMs: 1, headers: [] }]).seal(undefined));
    for (let at = 21; at < batch.length; at++) {
      const broken = Buffer.from(batch);
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(() => decode(broken)).toThrow(/MR6420: t-0, offset 0: the record batch is damaged/);
    }
  });

  it("of another format, or compressed by somebody unknown, are refused with what to do", () => {
    const builder = encode([{ key: "k", value: "v", timestampMs: 1, headers: [] }]);
    const old = Buffer.from(builder.seal(undefined));
    old[16] = 1;
    expect(() => decode(old)).toThrow(/MR6421.*format 1/);
    const zstd = builder.seal(undefined, { by: "zstd", records: new Uint8Array(3) });
    expect(() => decode(zstd)).toThrow(/MR6422.*codecs: \{ zstd/);
  });

  it("have the checksum that everybody else computes", () => {
    expect(crc32c(Buffer.from("123456789"), 0, 9)).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa);
  });
});

describe("a cursor", () => {
  const batchOf = (offset: number, producerId: number, values: readonly string[], isTransactional = true): Buffer =>
    withOffset(
      encode(values.map((value) => ({ key: null, value, timestampMs: 5, headers: [] }))).seal({
        producerId,
        epoch: 0,
        firstSequence: 0,
        isTransactional,
      }),
      offset,
    );
  const marker = (offset: number, producerId: number, kind: "abort" | "commit"): Buffer => {
    const builder = new BatchBuilder();
    builder.append(Buffer.from([0, 0, 0, kind === "commit" ? 1 : 0]), Buffer.alloc(6), 5);
    const batch = Buffer.from(builder.seal({ producerId, epoch: 0, firstSequence: -1, isTransactional: true }));
    batch.writeInt16BE(0x30, 21);
    batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
    return withOffset(batch, offset);
  };

  it("leaves out aborted records of a producer, and none of its later ones", () => {
    const log = Buffer.concat([
      batchOf(0, 7, ["aborted"]),
      batchOf(1, 8, ["other"]),
      marker(2, 7, "abort"),
      batchOf(3, 7, ["committed"]),
      marker(4, 7, "commit"),
      batchOf(5, 7, ["aborted too"]),
      marker(6, 7, "abort"),
      batchOf(7, 7, ["outside any transaction"], false),
    ]);
    const cursor = new RecordCursor(log, {
      from: 0,
      aborted: [
        { producerId: 7, firstOffset: 5 },
        { producerId: 7, firstOffset: 0 },
      ],
    });
    const seen = [];
    while (cursor.next()) seen.push([cursor.text(cursor.valueAt, cursor.valueBytes), cursor.position]);
    expect(seen).toEqual([
      ["other", 2],
      ["committed", 4],
      ["outside any transaction", 8],
    ]);
  });

  it("passes over what compaction has emptied, and over markers at the end", () => {
    const emptied = batchOf(3, 1, ["gone"], false);
    emptied.writeInt32BE(6, 23);
    emptied.writeInt32BE(0, 57);
    const short = emptied.subarray(0, 61);
    short.writeInt32BE(49, 8);
    const cursor = new RecordCursor(Buffer.concat([batchOf(0, 1, ["a", "b"], false), short, marker(10, 1, "commit")]), {
      from: 1,
    });
    expect(cursor.next() && cursor.offset).toBe(1);
    expect(cursor.position).toBe(2);
    expect(cursor.next()).toBe(false);
    expect(cursor.position).toBe(11);
  });
});

function byKey(left: { readonly key: string }, right: { readonly key: string }): number {
  return left.key < right.key ? -1 : 1;
}
