/**
 * Jobs from Kafka to Kafka, by chance: what stands in the input and who wrote it, what comes while the job runs, and where the job writes to. Plain data.
 *
 * In:    a seed. Out: a description. State: none.
 */
import fc from "fast-check";
import type { KafkaFaultRates } from "../sim/kafka/kafka-faults.ts";

/** One batch, in one partition of the input. */
export interface Written {
  /** 0: without a transaction; others: the producer of that number of this partition. */
  readonly by: number;
  /** Of its records. */
  readonly keys: readonly number[];
  /** What becomes of the producer's transaction right behind it. */
  readonly ending: "none" | "commit" | "abort";
}

export interface InputPartition {
  readonly batches: readonly Written[];
  /** What becomes of transactions that are still open behind the last batch. */
  readonly rest: "commit" | "abort";
}

/** While the job runs, record by record. */
export interface LateRecord {
  /** Counted around those that there are at the beginning. */
  readonly partition: number;
  readonly key: number;
}

export interface KafkaProgram {
  readonly input: readonly InputPartition[];
  readonly late: readonly LateRecord[];
  readonly everyMs: number;
  /** The rest of the transactions ends behind so many late records; undefined: before the job begins. */
  readonly restAfter: number | undefined;
  /** If there are any, the input has no end: so many records of each partition that appears while the job runs. The job is drained some time. */
  readonly appearing: readonly number[];
  readonly sinks: number;
  /** Per sink, by the number of the record. */
  readonly topics: number;
  readonly outPartitions: number;
  readonly hasGroup: boolean;
  /** Small ones need many requests. */
  readonly fetchBytes: number;
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly lingerMs: number;
  readonly faults: KafkaFaultRates;
}

const batch: fc.Arbitrary<Written> = fc.record({
  by: fc.constantFrom(0, 0, 1, 2),
  keys: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
  ending: fc.constantFrom("none", "commit", "abort"),
});

const plainBatch: fc.Arbitrary<Written> = batch.map((one) => ({ ...one, by: 0 }));

function inputOf(batches: fc.Arbitrary<Written>): fc.Arbitrary<readonly InputPartition[]> {
  const partition = fc.record({
    batches: fc.array(batches, { maxLength: 7 }),
    rest: fc.constantFrom<"commit" | "abort">("commit", "abort"),
  });
  return fc.array(partition, { minLength: 1, maxLength: 4 });
}

const rate = fc.constantFrom(0, 0, 10, 40);
/** Neither `request-late` nor `transaction-expires`: with them records may be lost, and the job says so. A request that is `slow` may arrive when its sender is long dead. */
const faults: fc.Arbitrary<KafkaFaultRates> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      "request-lost": rate,
      "answer-lost": rate,
      slow: fc.constantFrom(0, 0, 5, 60),
      "coordinator-away": fc.constantFrom(0, 0, 5),
      "leader-moves": rate,
    }),
  },
);

export const kafkaPrograms: fc.Arbitrary<KafkaProgram> = fc.record({
  input: fc.oneof(inputOf(plainBatch), inputOf(batch)),
  late: fc.array(fc.record({ partition: fc.nat(3), key: fc.nat(2) }), { maxLength: 12 }),
  everyMs: fc.constantFrom(50, 200, 600),
  restAfter: fc.option(fc.nat(12), { nil: undefined }),
  appearing: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }) },
  ),
  sinks: fc.constantFrom(1, 1, 1, 2),
  topics: fc.constantFrom(1, 1, 2),
  outPartitions: fc.integer({ min: 1, max: 3 }),
  hasGroup: fc.boolean(),
  fetchBytes: fc.constantFrom(1_048_576, 400, 120),
  batchBytes: fc.constantFrom(262_144, 150),
  bufferBytes: fc.constantFrom(1_048_576, 300),
  lingerMs: fc.constantFrom(5, 0, 60),
  faults,
});

export function isUnbounded({ appearing }: KafkaProgram): boolean {
  return appearing.length > 0;
}

/** Per batch of the partition: what becomes of its records. */
export function fatesOf({ batches, rest }: InputPartition): readonly ("commit" | "abort")[] {
  return batches.map(({ by }, index) => {
    if (by === 0) return "commit";
    const ending = batches.slice(index).find((later) => later.by === by && later.ending !== "none")?.ending;
    return ending === "commit" || ending === "abort" ? ending : rest;
  });
}

/** Those that are to be seen. */
export function recordsOf({ input, late, appearing }: KafkaProgram): number {
  const before = input.flatMap((partition) => {
    const fates = fatesOf(partition);
    return partition.batches.map(({ keys }, index) => (fates[index] === "commit" ? keys.length : 0));
  });
  return [...before, ...appearing, late.length].reduce((sum, count) => sum + count, 0);
}
