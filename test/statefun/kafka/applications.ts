/** An application on a Kafka in memory: greetings per name from one topic, visits of another, and a record of everything, in topics that tests look into. */
import { text } from "../../../connectors/kafka/index.ts";
import type { JobDefinition } from "../../../core/index.ts";
import { egress, fn, module, statefunJob, type, value } from "../../../statefun/index.ts";
import type { Bindable, TypedEgress } from "../../../statefun/index.ts";
import { kafkaEgress, kafkaIngress, target } from "../../../statefun/kafka/index.ts";
import type { KafkaIngressOptions, RecordWithTopic } from "../../../statefun/kafka/index.ts";
import { SimulatedKafka } from "../../sim/kafka/simulated-kafka.ts";
import type { SimulatedKafkaOptions } from "../../sim/kafka/options.ts";

export const servers = "simulated:9092";

/** With `names` and `visits`, of two partitions, and `greetings`, `audit` and `malformed`. */
export function cluster(options: SimulatedKafkaOptions = {}): SimulatedKafka {
  const kafka = new SimulatedKafka(options);
  for (const topic of ["names", "visits", "greetings"]) kafka.createTopic(topic, 2);
  for (const topic of ["audit", "malformed"]) kafka.createTopic(topic);
  return kafka;
}

/** Behind all functions of {@link greetingOn}. */
export const RECORDS: TypedEgress<RecordWithTopic> = egress("test/records", type<RecordWithTopic>());

/** Each name is greeted with its count; a visit counts as well, and is told to the auditor, who numbers what a name does. */
const greeter = fn("test/greeter", {
  accepts: { greet: type<string>(), visit: type<string>() },
  state: { seen: value({ default: 0 }) },
  handle: {
    greet(ctx, salutation) {
      ctx.state.seen += 1;
      const greeting = `${salutation} ${ctx.self.id}, ${ctx.state.seen}`;
      ctx.send(RECORDS, { topic: "greetings", key: ctx.self.id, value: greeting, headers: { by: "greeter" } });
    },
    visit(ctx) {
      ctx.state.seen += 1;
    },
  },
});
const auditor = fn("test/auditor", {
  accepts: { note: type<string>() },
  state: { notes: value({ default: 0 }) },
  handle: {
    note(ctx, what) {
      ctx.state.notes += 1;
      ctx.send(RECORDS, { topic: "audit", key: ctx.self.id, value: `${ctx.state.notes} ${what}`, partition: 0 });
    },
  },
});

interface Wanted {
  readonly onMalformed?: KafkaIngressOptions<{ names: string; visits: string }>["onMalformed"];
  readonly guarantee?: "at-least-once" | "exactly-once";
  readonly parts?: readonly Bindable[];
}

export function greetingOn(kafka: SimulatedKafka, { onMalformed, guarantee, parts = [] }: Wanted = {}): JobDefinition {
  const connection = { bootstrapServers: servers, client: kafka.client };
  return statefunJob(
    "greeting",
    module(() => [
      kafkaIngress("test/guests", {
        ...connection,
        topics: {
          names: { value: text(), targets: [target(greeter, "greet"), target(auditor, "note")] },
          visits: {
            deserializer: (record) => (record.valueText() === "nothing" ? undefined : record.topic),
            targets: [target(auditor, "note"), target(greeter, "visit")],
          },
        },
        bounded: true,
        ...(onMalformed === undefined ? {} : { onMalformed }),
      }),
      kafkaEgress("test/records", {
        ...connection,
        deliveryGuarantee: guarantee ?? "exactly-once",
        ...(guarantee === "at-least-once" ? {} : { transactionalIdPrefix: "greeting" }),
      }),
      greeter,
      auditor,
      ...parts,
    ]),
  );
}
