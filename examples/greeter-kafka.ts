/**
 * The Greeter on Kafka: `npx millrace run examples/greeter-kafka.ts -- --kafka-address localhost:9092`. It needs the topics `names` and `greetings`.
 * With `--bounded yes` it greets who is there and ends.
 *
 * What one learns: the functions of an application stay as they are when its ingress and egress change; only the module that binds them is another. What it
 * needs of the world stands in the global configuration, with a default. Greetings are exactly once: a reader with `read_committed` sees each of them one time, whatever crashes.
 *
 * In:    names, the values of the topic `names`. Out: a greeting per name in the topic `greetings`, with the name as its key.
 * State: `seen-count`, per name.
 */
import type { JobDefinition } from "millrace";
import { kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import type { KafkaConnection } from "millrace/connectors/kafka";
import { module, statefunJob } from "millrace/statefun";
import type { StatefulFunctionModule } from "millrace/statefun";
import { GREETING_EGRESS_ID, GREETING_INGRESS_ID, greeter, greetRouter } from "./greeter.ts";
import type { GreetRequest, GreetResponse } from "./greeter.ts";
import { optionValues, usageOf } from "./support/options.ts";

const KAFKA_ADDRESS = "kafka-broker:9092";
const OPTIONS = {
  "kafka-address": { value: "HOST:PORT", meaning: "a broker", default: KAFKA_ADDRESS },
  bounded: { value: "yes|no", meaning: "end where the topic ends when the job starts", default: "no" },
} as const;

/** `connection`: what else there is to say about Kafka, such as a password; tests give a Kafka in memory. */
export function greetingOnKafka(connection: Partial<KafkaConnection> = {}): StatefulFunctionModule {
  return module(
    ({ config }) => {
      const kafka = { bootstrapServers: config.getOrDefault("kafka-address", KAFKA_ADDRESS), ...connection };
      const names = kafkaSource<GreetRequest>({
        ...kafka,
        topics: "names",
        groupId: "greeter",
        bounded: config.get("bounded") === "yes",
        deserializer: (record) => {
          const who = record.valueText()?.trim() ?? "";
          return who === "" ? undefined : { who };
        },
      });
      const greetings = kafkaSink<GreetResponse>({
        ...kafka,
        topic: "greetings",
        key: ({ who }) => who,
        value: ({ greeting }) => greeting,
        deliveryGuarantee: "exactly-once",
        transactionalIdPrefix: "greeter",
      });
      return [greeter, greetRouter, GREETING_INGRESS_ID.from(names), GREETING_EGRESS_ID.to(greetings)];
    },
    { name: "greeting on Kafka" },
  );
}

export function greeterJob(connection: Partial<KafkaConnection> = {}): JobDefinition {
  return statefunJob("greeter", greetingOnKafka(connection), {
    usage: usageOf(OPTIONS),
    configOfArgs: (args) => optionValues(args, OPTIONS),
    configure: (env) => env.enableCheckpointing("1s"),
  });
}

const job: JobDefinition = greeterJob();
export default job;
