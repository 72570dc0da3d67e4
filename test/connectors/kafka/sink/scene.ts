/** A Kafka sink over a simulated cluster, turned by hand: what its tests share. */
import { kafkaSink } from "../../../../connectors/kafka/sink/sink.ts";
import type { KafkaSinkOptions } from "../../../../connectors/kafka/sink/sink.ts";
import type { KafkaCommittable, KafkaSinkState } from "../../../../connectors/kafka/sink/sink-state.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";
import { SinkHarness } from "../../../harness/sink-harness.ts";
import type { SinkHarnessOptions } from "../../../harness/sink-harness.ts";
import { SimulatedKafka } from "../../../sim/kafka/simulated-kafka.ts";
import type { SimulatedKafkaOptions } from "../../../sim/kafka/options.ts";

export type Options = Partial<KafkaSinkOptions<string>>;
export type Harness = SinkHarness<string, KafkaSinkState, KafkaCommittable>;
export type Start = Omit<SinkHarnessOptions<string, KafkaSinkState, KafkaCommittable>, "sink" | "clock" | "pump">;

export const EXACTLY_ONCE: Options = { deliveryGuarantee: "exactly-once", transactionalIdPrefix: "job" };

export class Scene {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly kafka: SimulatedKafka;

  constructor(options: SimulatedKafkaOptions = {}) {
    this.kafka = new SimulatedKafka({ clock: this.clock, ...options });
    this.kafka.createTopic("out", 2);
  }

  start(options: Options = {}, start: Start = {}): Harness {
    const sink = kafkaSink<string>({ ...this.options(options) });
    return new SinkHarness({ sink, clock: this.clock, pump: () => this.clock.advance(1), ...start });
  }

  options(options: Options = {}): KafkaSinkOptions<string> {
    return {
      bootstrapServers: "simulated:9092",
      topic: "out",
      value: (value) => value,
      client: this.kafka.client,
      ...options,
    };
  }

  seen(topic = "out"): readonly (string | null)[] {
    return this.kafka.committed(topic).map(({ value }) => value);
  }
}

export async function writeAll(harness: Harness, values: readonly string[]): Promise<void> {
  for (const value of values) await harness.write(0, value);
}
