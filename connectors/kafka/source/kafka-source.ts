/**
 * The Kafka source: partitions of topics, up to an end or for ever, exactly once.
 *
 * Read `enumerator.ts` for which partitions are read and from where, `fetcher.ts` for how their records come, `reader.ts` and `emitter.ts` for what becomes of them.
 */
import type { Source } from "../../../core/operators/contracts/source.ts";
import { KafkaEnumerator } from "./enumerator.ts";
import type { KafkaSourceOptions } from "./options.ts";
import { KafkaReader } from "./reader.ts";
import { settingsOf } from "./settings.ts";
import type { KafkaEnumeratorState, KafkaSplit } from "./splits.ts";

/**
 * Reads topics of Kafka, exactly once across restarts: offsets are part of the checkpoints. Partitions are the splits, dealt out evenly, each with a watermark of
 * its own; new ones are found while the job runs and read from their earliest record.
 *
 * Shape:  `Source<T>`; bounded with `stoppingOffsets` or `bounded: true`. Records have their timestamps of Kafka, which a timestamp assigner may replace.
 * Units:  durations in ms, or text such as `"30s"`; sizes in bytes.
 * State:  per partition its offset. Where "latest", a time or a group's offset is, is found out once, when the job starts. A restart or restore goes on from the checkpoint,
 *         never from the group, to which offsets are committed for Kafka's tools only. A topic that the options do not name any more is left out with a warning.
 * Cost:   up to two answers per partition, and `bufferBytes` per subtask, are fetched ahead. Partitions in which nothing is written hold
 *         watermarks back unless the strategy has `withIdleness`; a subtask without any partition does not.
 * Errors: `MR6423` a wrong option, and `MR6411` wrong servers, both when it is made. When the job starts: `MR6401` kafkajs is missing; `MR6402` no broker answers; `MR6403` no such topic or
 *         partition; `MR6404` not allowed; `MR6410` the brokers are too old; `MR6424` and `MR6425` offsets that are not there; `MR6426` no topic matches. While it runs: `MR6402`;
 *         `MR6420` to `MR6422` batches that cannot be opened; `MR6427` a topic was deleted; `MR6428` the next record is not there any more; `MR6429` a malformed record;
 *         `MR6430` an asynchronous schema.
 * Source: Flink's `KafkaSource`.
 *
 * @example
 * const flights = env.fromSource(
 *   kafkaSource({ bootstrapServers: "localhost:9092", topics: "flights", groupId: "delays", value: json<Flight>() }),
 *   WatermarkStrategy.forBoundedOutOfOrderness("10s").withIdleness("1min"),
 *   "flights",
 * );
 */
export function kafkaSource<T>(options: KafkaSourceOptions<T>): Source<T, KafkaSplit, KafkaEnumeratorState> {
  const settings = settingsOf(options);
  return {
    boundedness: settings.bounded ? "bounded" : "continuous-unbounded",
    createReader: (ctx) => new KafkaReader<T>(ctx, settings),
    createEnumerator: (ctx, restored) => new KafkaEnumerator(ctx, settings, restored),
  };
}
