/**
 * A job from Kafka to Kafka: counts the records of each key, and writes each with its count, exactly once.
 *
 * In:    a description, the cluster. Out: a pipeline; what it must write, by plain code.
 */
import { kafkaSink } from "../../connectors/kafka/sink/sink.ts";
import { json } from "../../connectors/kafka/source/deserializers.ts";
import { kafkaSource } from "../../connectors/kafka/source/kafka-source.ts";
import { offsets } from "../../connectors/kafka/source/offsets.ts";
import { value, WatermarkStrategy } from "../../core/index.ts";
import type { Collector } from "../../core/index.ts";
import { outcomeOf } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import type { Out, Pipeline, PipelineRun } from "../sim/pipelines/pipeline.ts";
import { IN } from "./input.ts";
import type { KafkaInput, Rec } from "./input.ts";
import { isUnbounded } from "./program.ts";
import type { KafkaProgram } from "./program.ts";

interface Counted extends Rec {
  readonly count: number;
}

/** By partition: how far it was read. */
export type ReadUpTo = (partition: number) => number;

export function outTopicsOf({ sinks, topics }: Pick<KafkaProgram, "sinks" | "topics">): readonly string[] {
  return Array.from({ length: sinks }, (_, sink) =>
    Array.from({ length: topics }, (_topic, topic) => `out-${sink}-${topic}`),
  ).flat();
}

function topicOf({ n }: Rec, sink: number, { topics }: KafkaProgram): string {
  return `out-${sink}-${n % topics}`;
}

function textOf({ count, n }: Counted): string {
  return `${count}: ${n}`;
}

export function kafkaPipeline(program: KafkaProgram, input: KafkaInput): Pipeline {
  const connection = {
    bootstrapServers: "simulated:9092",
    client: input.kafka.client,
    requestTimeout: 2_000,
    retryFor: 20_000,
  };
  const { hasGroup, fetchBytes, batchBytes, bufferBytes, lingerMs, sinks } = program;
  const read = isUnbounded(program)
    ? { discoverEvery: 700 }
    : { stoppingOffsets: offsets({ [IN]: Object.fromEntries(input.ends.entries()) }) };
  return {
    name: JSON.stringify(program),
    promise: "exact",
    build(run: PipelineRun) {
      const source = kafkaSource<Rec>({
        ...connection,
        ...read,
        topics: IN,
        value: json<Rec>(),
        fetchWait: 100,
        partitionBytesMax: fetchBytes,
        ...(hasGroup && { groupId: "readers" }),
      });
      const counted = run
        .read(source, WatermarkStrategy.noWatermarks<Rec>(), "input")
        .keyBy(({ key }) => key)
        .process({
          state: { count: value<number>({ default: 0 }) },
          processElement: (record: Rec, ctx, out: Collector<Counted>) => {
            const count = ctx.state.count.value() + 1;
            ctx.state.count.update(count);
            out.collect({ ...record, count });
          },
        })
        .name("count")
        .uid("count");
      for (let sink = 0; sink < sinks; sink++) {
        const exactly = kafkaSink<Counted>({
          ...connection,
          topic: (record) => topicOf(record, sink, program),
          key: ({ key }) => key,
          value: textOf,
          deliveryGuarantee: "exactly-once",
          transactionalIdPrefix: `job-${sink}`,
          batchBytes,
          bufferBytes,
          linger: lingerMs,
        });
        run.writeTo?.(counted, exactly, `out-${sink}`);
      }
    },
  };
}

/** Of the records that may be seen, up to where each partition was read. */
export function expectedOf(program: KafkaProgram, input: KafkaInput, upTo: ReadUpTo): Outcome {
  const counts = new Map<string, number>();
  const written: Out[] = [];
  for (const record of input.records()) {
    if (record.gone || record.offset >= upTo(record.partition)) continue;
    const { key } = record;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    for (let sink = 0; sink < program.sinks; sink++)
      written.push({ lane: `${topicOf(record, sink, program)} ${key}`, value: textOf({ ...record, count }) });
  }
  return outcomeOf(written);
}

/** What readers see. */
export function visibleIn(input: KafkaInput): readonly Out[] {
  return input.outTopics.flatMap((topic) =>
    input.written(topic).map((record) => ({ lane: `${topic} ${record.key}`, value: record.value })),
  );
}
