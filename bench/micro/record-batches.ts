/**
 * `npm run build && node dist/bench/micro/record-batches.js [--only text] [--records 500,2000]`: encoding and decoding Kafka's record batches in one thread, beside a loop that does no more than
 * turn the same text into bytes, and back.
 *
 * What is measured takes turns in slices of about a millisecond, and the fastest slice of each counts: on a busy machine no other figure repeats. Read the ratios first. Guards the loops in
 * connectors/kafka/records.
 */
import { parseArgs } from "node:util";
import { BatchBuilder } from "../../connectors/kafka/records/batch-builder.ts";
import type { Bytes, RecordHeader } from "../../connectors/kafka/records/batch-builder.ts";
import { ATTRIBUTES_AT } from "../../connectors/kafka/records/batch-format.ts";
import { crc32c } from "../../connectors/kafka/records/crc32c.ts";
import { openBatches } from "../../connectors/kafka/records/open-batches.ts";
import { RecordCursor } from "../../connectors/kafka/records/record-cursor.ts";
import { saleOf } from "../kafka/sale.ts";

const RECORDS_PER_SLICE = 4_000;
const SLICES = 100;
const START_MS = 1_700_000_000_000;
const NO_HEADERS: readonly RecordHeader[] = [];
const HEADERS: readonly RecordHeader[] = [
  { key: "trace", value: "4bf92f3577b34da6" },
  { key: "version", value: "2" },
];

interface Parts {
  readonly key: Bytes | null;
  readonly value: Bytes;
  readonly headers: readonly RecordHeader[];
}

/** As the sink has them: the key is bytes, since its hash was needed. */
const RECORDS: Readonly<Record<string, (index: number) => Parts>> = {
  "JSON of 100 bytes": (index) => ({ key: keyOf(index), value: jsonOf(index), headers: NO_HEADERS }),
  "the same, not all ASCII": (index) => ({
    key: keyOf(index),
    value: jsonOf(index).replace("paid", "bezählt"),
    headers: NO_HEADERS,
  }),
  "the same as bytes": (index) => ({ key: keyOf(index), value: Buffer.from(jsonOf(index)), headers: NO_HEADERS }),
  "the same, two headers": (index) => ({ key: keyOf(index), value: jsonOf(index), headers: HEADERS }),
  "10 bytes, no key": (index) => ({ key: null, value: String(index).padStart(10, "0"), headers: NO_HEADERS }),
  "1,000 bytes, no key": (index) => ({ key: null, value: jsonOf(index).padEnd(1_000, "."), headers: NO_HEADERS }),
};

function keyOf(index: number): Bytes {
  return Buffer.from(saleOf(index).user);
}

function jsonOf(index: number): string {
  return JSON.stringify(saleOf(index));
}

interface Measured {
  readonly run: () => void;
  bestNs: number;
}

function measure(run: () => void): Measured {
  return { run, bestNs: Infinity };
}

/** All in turn, so that a spell of noise meets all of them. */
function race(all: readonly Measured[], records: number): void {
  const runs = Math.max(1, Math.round(RECORDS_PER_SLICE / records));
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const one of all) {
      const start = process.hrtime.bigint();
      for (let run = 0; run < runs; run += 1) one.run();
      const ns = Number(process.hrtime.bigint() - start) / (runs * records);
      one.bestNs = Math.min(one.bestNs, ns);
    }
  }
}

function encoded(parts: readonly Parts[]): Uint8Array {
  const builder = new BatchBuilder();
  for (let index = 0; index < parts.length; index += 1) {
    const { key, value, headers } = parts[index] as Parts; // within the list
    builder.append(key, value, START_MS + index, headers);
  }
  return builder.seal({ producerId: 1, epoch: 0, firstSequence: 0, isTransactional: true });
}

function opened(batch: Uint8Array): Buffer {
  const buffer = openBatches(batch, { codecs: {}, place: "here" });
  if (buffer instanceof Promise) throw new Error("nothing is compressed");
  return buffer;
}

/** Keeps loops from being optimised away. */
let blackHole = 0;

function compare(name: string, make: (index: number) => Parts, records: number): void {
  const parts = Array.from({ length: records }, (_, index) => make(index));
  const batch = encoded(parts);
  const ready = opened(batch);
  const bytes = parts.map(({ value }) => Buffer.from(value as string)); // bytes are fine as well
  const texts = bytes.map((value) => value.toString());
  const target = Buffer.alloc(4_096);
  const write = measure(() => {
    for (const text of texts) blackHole += target.write(text, 0, "utf8");
  });
  const encode = measure(() => {
    blackHole += encoded(parts).length;
  });
  const check = measure(() => {
    blackHole += crc32c(batch, ATTRIBUTES_AT, batch.length);
  });
  const read = measure(() => {
    for (const value of bytes) blackHole += value.toString("utf8").length;
  });
  const step = measure(() => {
    const cursor = new RecordCursor(ready, { from: 0 });
    while (cursor.next()) blackHole += cursor.valueBytes;
  });
  const decode = measure(() => {
    const cursor = new RecordCursor(opened(batch), { from: 0 });
    while (cursor.next()) blackHole += cursor.text(cursor.valueAt, cursor.valueBytes).length;
  });
  race([write, encode, check, read, step, decode], records);
  const ns = ({ bestNs }: Measured): string => bestNs.toFixed(1).padStart(8);
  const ratio = (one: Measured, plain: Measured): string => (one.bestNs / plain.bestNs).toFixed(2).padStart(7);
  console.log(
    `${String(records).padStart(5)}  ${name.padEnd(26)}${ns(write)}${ns(encode)}${ratio(encode, write)}${ns(read)}${ns(decode)}${ratio(decode, read)}${ns(check)}${ns(step)}`,
  );
}

const { values: flags } = parseArgs({
  options: { only: { type: "string", default: "" }, records: { type: "string", default: "500,2000" } },
});
console.log(
  "batch  records                      write  encode  ratio    read  decode  ratio   check    step   (ns per record; write, read: text to bytes and back alone; decode includes check and step)",
);
for (const records of flags.records.split(",").map(Number)) {
  for (const [name, make] of Object.entries(RECORDS)) if (name.includes(flags.only)) compare(name, make, records);
}
process.exitCode = Number.isNaN(blackHole) ? 1 : 0;
