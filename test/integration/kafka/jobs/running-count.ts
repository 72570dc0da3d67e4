/**
 * A job from Kafka to Kafka of which every record can be known before, and that may be told to die at a step of the commit.
 *
 * In:    `RunningCountArgs` as JSON; records `{ key, n }` of a topic. Out: `{ key, n, seen }` in another, exactly once. State: a count per key.
 */
import { defineJob, value, WatermarkStrategy } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import { json, kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import { kafkajsClient } from "../../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import type { KafkaClientFactory } from "../../../../connectors/kafka/client/kafka-client.ts";

export interface RunningCountArgs {
  readonly servers: string;
  readonly from: string;
  readonly to: string;
  /** Of one request; and how long it is repeated. */
  readonly patienceMs?: number;
  /** Kills its own process at the so-manieth end of a transaction. */
  readonly dies?: { readonly at: number; readonly when: "before the commit" | "before its answer counts" };
  readonly transactionTimeoutMs?: number;
}

export interface Visit {
  readonly key: string;
  readonly n: number;
}

export interface Counted extends Visit {
  /** Records of the key so far, with this one. */
  readonly seen: number;
}

const job: JobDefinition = defineJob("running count", (env, [given = "{}"]) => {
  const args = JSON.parse(given) as RunningCountArgs; // as the test writes it
  const { servers: bootstrapServers, from, to, transactionTimeoutMs = 60_000, patienceMs = 30_000 } = args;
  const connection = { bootstrapServers, requestTimeout: patienceMs, retryFor: patienceMs, client: mortal(args) };
  const visits = kafkaSource<Visit>({ ...connection, topics: from, groupId: `group of ${to}`, value: json<Visit>() });
  env
    .fromSource(visits, WatermarkStrategy.noWatermarks(), "visits")
    .uid("visits")
    .keyBy(({ key }) => key)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement({ key, n }, ctx, out: Collector<Counted>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect({ key, n, seen });
      },
    })
    .uid("count")
    .sinkTo(
      kafkaSink<Counted>({
        ...connection,
        topic: to,
        key: ({ key }) => key,
        value: (counted) => JSON.stringify(counted),
        deliveryGuarantee: "exactly-once",
        transactionalIdPrefix: `job of ${to}`,
        transactionTimeout: transactionTimeoutMs,
      }),
    )
    .uid("counts");
});
export default job;

/** A client of which one call is the last thing that its process does. */
function mortal({ dies }: RunningCountArgs): KafkaClientFactory {
  if (dies === undefined) return kafkajsClient;
  let ends = 0;
  return (options) => {
    const client = kafkajsClient(options);
    const endTransaction = client.endTransaction.bind(client);
    client.endTransaction = (request, done) => {
      ends += 1;
      const isLast = ends === dies.at;
      if (isLast && dies.when === "before the commit") die();
      endTransaction(request, (outcome) => (isLast ? die() : done(outcome)));
    };
    return client;
  };
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal comes at once, but the next line must not
}
