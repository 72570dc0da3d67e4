/**
 * The Kafka sink: records of a stream in topics, once, at least once, or as it comes.
 *
 * Read `writer.ts` for how records become batches, `transactions.ts` for how they become visible together with a checkpoint, `committer.ts` for what happens after it, and
 * `witness.ts` for how one knows that it did.
 */
import type { Sink, SinkContext } from "../../../core/operators/contracts/sink.ts";
import { toMs, toPositiveMs } from "../../../core/util/duration.ts";
import type { Duration } from "../../../core/util/duration.ts";
import { OPTIONS } from "../../../core/util/config.ts";
import { clientsFor } from "../client/connection.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { Codecs, Compression } from "../records/batch-format.ts";
import { codecOf } from "../records/open-batches.ts";
import { KafkaCommitter } from "./committer.ts";
import { timeoutTooLong, timeoutTooShort, wrongOption } from "./errors.ts";
import type { RecordParts } from "./serializer.ts";
import type { KafkaCommittable, KafkaSinkState } from "./sink-state.ts";
import { KafkaWriter } from "./writer.ts";
import type { WriterOptions } from "./writer.ts";

const GUARANTEES = ["none", "at-least-once", "exactly-once"];
const ACKS = ["all", "leader", "none"];
const LOST = ["fail", "accept"];
/** What brokers allow unless they are told otherwise. */
const TRANSACTION_TIMEOUT_MS = 900_000;
const BATCH_BYTES = 256 * 1_024;
const BUFFER_BYTES = 32 * 1_024 * 1_024;
const LINGER_MS = 5;

export interface KafkaSinkOptions<T> extends KafkaConnection, RecordParts<T> {
  /**
   * `exactly-once`: a transaction per checkpoint; needs `transactionalIdPrefix`, and readers with `read_committed`. `at-least-once`: a checkpoint completes when brokers have its records; a
   * failure repeats those since the last one. `none`: checkpoints do not wait. Default: `"at-least-once"`.
   */
  readonly deliveryGuarantee?: "none" | "at-least-once" | "exactly-once";
  /** Belongs to this sink alone, in the whole Kafka cluster, for as long as the job lives. */
  readonly transactionalIdPrefix?: string;
  /** Longer than the time between two checkpoints and the longest outage together. Default: 15 minutes, or what the brokers allow if that is less. */
  readonly transactionTimeout?: Duration;
  /** If the brokers have given up a transaction of a completed checkpoint: `fail` ends the job with what is lost, `accept` says so in a warning and goes on. Default: `"fail"`. */
  readonly onLostTransaction?: "fail" | "accept";
  /** Who must have a record before it counts as written. `exactly-once` needs `all`. Default: `"all"`. */
  readonly acks?: "all" | "leader" | "none";
  /** A batch of this size is sent at once. It must be less than the broker's `message.max.bytes`. Default: 256 KiB. */
  readonly batchBytes?: number;
  /** How long a record waits for others. Default: 5 ms. */
  readonly linger?: Duration;
  /** Records that wait or are under way, per subtask; then the sink takes no more. Default: 32 MiB. */
  readonly bufferBytes?: number;
  /** Default: `"none"`. */
  readonly compression?: Compression;
  /** Libraries for compressions other than gzip. */
  readonly codecs?: Codecs;
}

/**
 * Writes the records of a stream to Kafka topics.
 *
 * With `exactly-once`, what a `read_committed` reader sees is what completed checkpoints contain, whatever crashes: each subtask writes one transaction per checkpoint, and commits it when
 * the checkpoint is complete, perhaps by another process. Records become visible about one checkpoint interval after they were written.
 *
 * Shape:  `Sink<T>`; a record per value. Records with one key keep their order.
 * Units:  bytes for sizes, ms or text such as `"15min"` for durations.
 * State:  with `exactly-once`, a few numbers per subtask; ids `<prefix>-<subtask>-<job>.<master>.<attempt>-<number>`, about three per subtask and attempt, and one `<prefix>-<subtask>-<job>-owner`.
 * Errors: `MR1067` another sink of the job has this prefix; `MR6401` kafkajs is missing; `MR6402` no broker; `MR6403` no such topic; `MR6404` not allowed; `MR6408` the broker refuses a record;
 *         `MR6411`, `MR6440` a wrong option; `MR6441`, `MR6446` the transaction timeout is too long or too short; `MR6442` a transaction is lost; `MR6443`, `MR6444` a function returned something else; `MR6445` no checkpoint completes.
 * Source: Flink's `KafkaSink`.
 *
 * @example
 * const sink = kafkaSink<{ user: string; total: number }>({
 *   bootstrapServers: "localhost:9092",
 *   topic: "totals",
 *   key: ({ user }) => user,
 *   value: (total) => JSON.stringify(total),
 *   deliveryGuarantee: "exactly-once",
 *   transactionalIdPrefix: "totals-job",
 * });
 */
export function kafkaSink<T>(options: KafkaSinkOptions<T>): Sink<T, KafkaSinkState, KafkaCommittable> {
  const writing = writerOptions(options);
  const { transactionalIdPrefix: prefix, onLostTransaction = "fail" } = options;
  const clientFor = clientsFor("kafkaSink", options);
  const named = (ctx: SinkContext, role: string) => clientFor(`${role}-${ctx.subtaskIndex}`);
  const writer = (ctx: SinkContext, restored: readonly KafkaSinkState[]): KafkaWriter<T> =>
    new KafkaWriter(ctx, named(ctx, "writer"), writing(ctx), restored);
  if (options.deliveryGuarantee === "none") return { mayLose: true, createWriter: (ctx) => writer(ctx, []) };
  if (options.deliveryGuarantee !== "exactly-once") return { createWriter: (ctx) => writer(ctx, []) };
  return {
    writerState: "union",
    exclusive: `the Kafka transactions ${prefix}-*`,
    createWriter: writer,
    createCommitter: (ctx) => new KafkaCommitter(ctx, named(ctx, "committer"), { onLostTransaction }),
  };
}

function writerOptions<T>(options: KafkaSinkOptions<T>): (ctx: SinkContext) => WriterOptions<T> {
  const { deliveryGuarantee: guarantee = "at-least-once", acks = "all" } = options;
  const { batchBytes = BATCH_BYTES, bufferBytes = BUFFER_BYTES, onLostTransaction = "fail" } = options;
  checkWord("deliveryGuarantee", guarantee, GUARANTEES);
  checkWord("acks", acks, ACKS);
  checkWord("onLostTransaction", onLostTransaction, LOST);
  checkBytes("batchBytes", batchBytes);
  checkBytes("bufferBytes", bufferBytes);
  checkParts(options);
  const lingerMs = options.linger === undefined ? LINGER_MS : toMs(options.linger, "linger");
  const sending = { acks, batchBytes, bufferBytes, lingerMs, compression: compressionOf(options) };
  if (guarantee !== "exactly-once") return () => ({ parts: options, guarantee, sending, transactions: undefined });
  const prefix = prefixOf(options);
  if (acks !== "all") throw wrongOption(`acks of kafkaSink is "${acks}", but exactly-once needs "all": leave it out`);
  const { transactionTimeout } = options;
  const wantedMs =
    transactionTimeout === undefined ? undefined : toPositiveMs(transactionTimeout, "transactionTimeout");
  return (ctx) => ({
    parts: options,
    guarantee,
    sending,
    transactions: { prefix, timeoutMs: timeoutOf(wantedMs, ctx) },
  });
}

/** Against what the broker allows, and against what the job needs. */
function timeoutOf(wantedMs: number | undefined, ctx: SinkContext): (maxMs: number | undefined) => number {
  const intervalMs = ctx.config.get(OPTIONS.checkpointInterval);
  return (maxMs = Infinity) => {
    const timeoutMs = wantedMs ?? Math.min(TRANSACTION_TIMEOUT_MS, maxMs);
    if (timeoutMs > maxMs) throw timeoutTooLong(timeoutMs, maxMs);
    if (timeoutMs <= intervalMs) throw timeoutTooShort(timeoutMs, intervalMs);
    return timeoutMs;
  };
}

function prefixOf<T>({ transactionalIdPrefix: prefix }: KafkaSinkOptions<T>): string {
  if (typeof prefix === "string" && prefix !== "") return prefix;
  throw wrongOption(
    "kafkaSink with exactly-once needs a transactionalIdPrefix, which no other sink in the Kafka cluster has: name it after the job and the sink",
  );
}

function compressionOf<T>({
  compression = "none",
  codecs = {},
}: KafkaSinkOptions<T>): WriterOptions<T>["sending"]["compression"] {
  if (compression === "none") return undefined;
  checkWord("compression", compression, ["none", "gzip", "snappy", "lz4", "zstd"]);
  const codec = codecOf(compression, codecs);
  if (codec === undefined)
    throw wrongOption(
      `kafkaSink has no library for ${compression}: set codecs: { ${compression}: { compress, decompress } }`,
    );
  return { by: compression, codec };
}

function checkParts<T>({ topic, key, value, headers, partition, timestampMs }: KafkaSinkOptions<T>): void {
  if (typeof topic !== "function" && (typeof topic !== "string" || topic === ""))
    throw wrongOption("the topic of kafkaSink is a name, or a function that chooses one for a value");
  if (typeof value !== "function")
    throw wrongOption(
      "the value of kafkaSink is a function that makes text or bytes, such as (value) => JSON.stringify(value)",
    );
  for (const [name, part] of Object.entries({ key, headers, partition, timestampMs }))
    if (part !== undefined && typeof part !== "function")
      throw wrongOption(`${name} of kafkaSink is a function of the value`);
}

function checkWord(name: string, word: unknown, words: readonly string[]): void {
  if (words.some((allowed) => allowed === word)) return;
  throw wrongOption(`${name} of kafkaSink is one of ${words.join(", ")}, but is ${String(word)}`);
}

function checkBytes(name: string, bytes: unknown): void {
  if (typeof bytes === "number" && bytes >= 1) return;
  throw wrongOption(`${name} of kafkaSink is a number of bytes, 1 or more, but is ${String(bytes)}`);
}
