/** Turns a source harness and the fake cluster by hand, one step after the other. */
import { kafkaSource } from "../../../../connectors/kafka/source/kafka-source.ts";
import { text } from "../../../../connectors/kafka/source/deserializers.ts";
import type { KafkaSourceOptions } from "../../../../connectors/kafka/source/options.ts";
import type { KafkaEnumeratorState, KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { SourceHarness } from "../../../harness/source-harness.ts";
import type { SourceHarnessOptions, SourceSnapshot } from "../../../harness/source-harness.ts";
import { FakeKafka } from "./fake-client.ts";

export type KafkaHarness<T> = SourceHarness<T, KafkaSplit, KafkaEnumeratorState>;
export type KafkaSnapshot = SourceSnapshot<KafkaSplit, KafkaEnumeratorState>;
type HarnessOptions<T> = Omit<SourceHarnessOptions<T, KafkaSplit, KafkaEnumeratorState>, "source">;

export interface Drive {
  readonly recordsMax?: number;
  /** Which of the answers that are due goes next. */
  readonly pick?: (count: number) => number;
  readonly until?: () => boolean;
}

const STEPS_MAX = 20_000;

/** A source of texts from `topics: "t"`, unless the options say otherwise. */
export function harnessOf(
  kafka: FakeKafka,
  options: Partial<KafkaSourceOptions<string>> = {},
  harness: HarnessOptions<string> = {},
): KafkaHarness<string> {
  const what = "topicPattern" in options || "partitions" in options ? {} : { topics: "t" };
  const made = "deserializer" in options ? {} : { value: text() };
  const all = { bootstrapServers: "fake:9092", client: kafka.client, ...what, ...made, ...options };
  return new SourceHarness({ source: kafkaSource(all as KafkaSourceOptions<string>), ...harness }); // one of each, as just made sure
}

/** Until nothing is due any more but polls that found nothing. */
export function settle(harness: KafkaHarness<string>, kafka: FakeKafka, { recordsMax, pick, until }: Drive = {}): void {
  for (let step = 0; step < STEPS_MAX; step++) {
    if (harness.failure !== undefined) throw harness.failure;
    if (until?.() === true) return;
    if (harness.turn(recordsMax)) continue;
    if (!kafka.isAnythingDue) return;
    kafka.pump(pick);
  }
  throw new Error("this goes on for ever");
}

/** Until the input has ended; time passes when nothing else happens. */
export function runToEnd(
  harness: KafkaHarness<string>,
  kafka: FakeKafka,
  { recordsMax, pick, until }: Drive = {},
): void {
  for (let step = 0; step < STEPS_MAX; step++) {
    if (harness.failure !== undefined) throw harness.failure;
    if (harness.ended || until?.() === true) return;
    if (harness.turn(recordsMax) || kafka.pump(pick)) continue;
    harness.clock.advance(50);
  }
  throw new Error(`this goes on for ever, after ${harness.values.length} records`);
}

/** As it would come back from the disk. */
export function saved(harness: KafkaHarness<string>, checkpointId = 1): KafkaSnapshot {
  return structuredClone(harness.snapshot(checkpointId));
}

export function bySplit(harnesses: readonly KafkaHarness<string>[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { records } of harnesses)
    for (const { splitId = "", value } of records) values.set(splitId, [...(values.get(splitId) ?? []), value]);
  return values;
}

/** Topic "t", with batches of one record each: "0:0", "0:1", … in partition 0. */
export function kafkaWith(partitions: number, batches = 0, nodes = 1): FakeKafka {
  const kafka = new FakeKafka();
  kafka.createTopic("t", partitions, nodes);
  for (let partition = 0; partition < partitions; partition++)
    for (let batch = 0; batch < batches; batch++) kafka.write("t", partition, `${partition}:${batch}`);
  return kafka;
}

export function failureOf(harness: KafkaHarness<string>, kafka: FakeKafka): string {
  try {
    settle(harness, kafka);
  } catch (error) {
    return String(error);
  }
  return "no failure";
}

/** Polls come back, time passes, and what they bring is read. */
export function goOn(harness: KafkaHarness<string>, kafka: FakeKafka, rounds = 5): void {
  for (let round = 0; round < rounds; round++) {
    settle(harness, kafka);
    kafka.pump();
    harness.clock.advance(100);
  }
  settle(harness, kafka);
}
