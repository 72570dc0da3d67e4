/**
 * `npm run build && node dist/bench/micro/columnar.js [--only text] [--records 256,1024]`: encoding and decoding frames in one thread, beside a loop that
 * does no more than make the same records, and beside the row codec.
 *
 * What is measured takes turns in slices of about a millisecond, and the fastest slice of each counts: on a busy machine no other figure repeats. Read the
 * ratio first: the objects alone are what any codec has to make. Guards the loops in core/network/columnar.
 */
import { parseArgs } from "node:util";
import { FrameDecoder } from "../../core/network/columnar/frame-decoder.ts";
import { FrameEncoder } from "../../core/network/columnar/frame-encoder.ts";
import { GeneratedCodecs } from "../../core/network/columnar/generated-codecs.ts";
import { decodeValue, encodeValue } from "../../core/types/value-codec.ts";

const RECORDS_PER_SLICE = 8_192;
const SLICES = 300;
const BATCHES = 4;

const NAMES = ["alice", "bob", "carol with a longer name", "dave", "eve-12345"];
const TEXTS: readonly string[] = Array.from({ length: 1_000 }, (_, index) => `${NAMES[index % 5] ?? ""}${index}`);
const START_MS = 1_700_000_000_000;

const text = (index: number): string => TEXTS[index % 1_000] ?? "";
const fraction = (index: number): number => ((index * 7_919) % 10_007) / 10_007;

/** A fresh record; the index decides all of it. */
const RECORDS: Readonly<Record<string, (index: number) => unknown>> = {
  "flat: { key, ts, value, name }": (index) => ({
    key: (index * 31) % 100_000,
    ts: START_MS + index,
    value: fraction(index),
    name: text(index),
  }),
  "tuple: [text, count]": (index) => [text(index), index % 1_000],
  numbers: (index) => index,
  text: (index) => text(index),
  "nested: { id, user: { name, address } }": (index) => ({
    id: index,
    user: { name: text(index), address: { city: NAMES[index % 5], zip: index % 99_999 } },
    amount: fraction(index),
  }),
  "persons, auctions, bids 1 : 3 : 46": (index) => nexmark(index),
  "the same, 1 : 1 : 1": (index) => nexmark([0, 1, 20][(index * 7) % 3] ?? 0),
  "nullable: { id, name?: null, score?: null }": (index) => ({
    id: index,
    name: index % 3 === 0 ? null : text(index),
    score: index % 4 === 0 ? null : fraction(index),
  }),
  "five fields that may be absent": (index) => ({
    id: index,
    ...(index % 2 === 0 ? { email: "a@b" } : {}),
    ...(index % 3 === 0 ? { age: index % 100 } : {}),
    ...(index % 5 === 0 ? { city: NAMES[index % 5] } : {}),
    ...(index % 7 === 0 ? { score: fraction(index) } : {}),
    ...(index % 11 === 0 ? { tag: "t" } : {}),
  }),
  "lists: { id, tags: number[] }": (index) => ({ id: index, tags: Array.from({ length: index % 12 }, (_, at) => at) }),
};

function nexmark(index: number): unknown {
  const at = START_MS + index;
  const turn = index % 50;
  if (turn === 0)
    return { kind: "person", id: index, name: text(index), email: "x@example.com", city: "Berlin", state: "BE", at };
  if (turn < 4)
    return {
      kind: "auction",
      id: index,
      item: text(index),
      first: index % 100,
      seller: index % 77,
      expires: at + 1_000,
      at,
    };
  return { kind: "bid", auction: index % 1_000, bidder: index % 77, price: index % 9_999, at };
}

interface Measured {
  readonly run: (batch: number) => void;
  bestNs: number;
}

function measure(run: (batch: number) => void): Measured {
  return { run, bestNs: Infinity };
}

/** All in turn, so that a spell of noise meets all of them. */
function race(all: readonly Measured[], records: number): void {
  const runs = Math.max(1, Math.round(RECORDS_PER_SLICE / records));
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const one of all) {
      const start = process.hrtime.bigint();
      for (let run = 0; run < runs; run += 1) one.run(run % BATCHES);
      const ns = Number(process.hrtime.bigint() - start) / (runs * records);
      one.bestNs = Math.min(one.bestNs, ns);
    }
  }
}

function compare(name: string, make: (index: number) => unknown, records: number): void {
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: records }, (_, index) => make(batch * records + index)),
  );
  const timestampsMs = new Float64Array(records).fill(START_MS);
  const codecs = new GeneratedCodecs();
  const encoder = new FrameEncoder({ codecs });
  const decoder = new FrameDecoder({ codecs });
  const into = { values: new Array<unknown>(records).fill(undefined), timestampsMs: new Float64Array(records) };
  const frames = batches.map((batch) => encoder.encode(batch, timestampsMs, 0, records));
  const batchAt = (at: number): readonly unknown[] => batches[at] ?? [];
  const objects = measure((at) => {
    for (let index = 0; index < records; index += 1) into.values[index] = make(at * records + index);
  });
  const encode = measure((at) => {
    encoder.encode(batchAt(at), timestampsMs, 0, records);
  });
  const decode = measure((at) => {
    decoder.decode(frames[at] ?? new Uint8Array(0), into);
  });
  const both = measure((at) => {
    decoder.decode(encoder.encode(batchAt(at), timestampsMs, 0, records), into);
  });
  const rows = measure((at) => {
    if (at === 0) decodeValue(encodeValue(batchAt(at)));
  });
  race([objects, encode, decode, both, rows], records);
  const ns = ({ bestNs }: Measured): string => bestNs.toFixed(1).padStart(7);
  const rate = (1_000 / both.bestNs).toFixed(1).padStart(5);
  const bytes = ((frames[0]?.length ?? 0) / records).toFixed(0).padStart(3);
  console.log(
    `${String(records).padStart(5)}  ${name.padEnd(44)}${ns(objects)}${ns(encode)}${ns(decode)}${ns(both)}  ${rate}  ${(both.bestNs / objects.bestNs).toFixed(1).padStart(5)}  ${(rows.bestNs * 4).toFixed(0).padStart(6)}  ${bytes}`,
  );
}

const { values: flags } = parseArgs({
  options: { only: { type: "string", default: "" }, records: { type: "string", default: "256,1024" } },
});
console.log(
  "batch  records                                       objects encode decode   both   M/s  ratio    rows  bytes   (ns per record; ratio: both / objects)",
);
for (const records of flags.records.split(",").map(Number)) {
  for (const [name, make] of Object.entries(RECORDS)) if (name.includes(flags.only)) compare(name, make, records);
}
