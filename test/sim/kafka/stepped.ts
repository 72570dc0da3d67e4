/**
 * For tests of the simulated Kafka itself: a cluster by a clock that a test moves, clients, and calls whose answers are waited for by moving it.
 *
 * In:    calls. Out: their outcomes. State: the cluster. Each call is looked at as the contract wants it: one answer, and not before it has returned.
 */
import { BatchBuilder } from "../../../connectors/kafka/records/batch-builder.ts";
import type {
  KafkaClient,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
} from "../../../connectors/kafka/client/kafka-client.ts";
import type { Done, Outcome } from "../../../core/util/outcome.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import type { SimulatedKafkaOptions } from "./options.ts";
import { SimulatedKafka } from "./simulated-kafka.ts";

const STEP_MS = 1;
const WAIT_MS = 120_000;
export const TIMEOUT_MS = 60_000;

export class Stepped {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly kafka: SimulatedKafka;
  readonly client: KafkaClient;

  constructor(options: SimulatedKafkaOptions = {}) {
    this.kafka = new SimulatedKafka({ clock: this.clock, ...options });
    this.client = this.another();
  }

  another(): KafkaClient {
    return this.kafka.client({
      bootstrapServers: ["simulated:9092"],
      clientId: "test",
      requestTimeoutMs: 30_000,
      retryForMs: 10_000,
    });
  }

  outcome<T>(call: (done: Done<T>, client: KafkaClient) => void, client: KafkaClient = this.client): Outcome<T> {
    const answers: Outcome<T>[] = [];
    call((answer) => answers.push(answer), client);
    if (answers.length > 0) throw new Error("answered before the call returned");
    for (let ms = 0; answers.length === 0 && ms < WAIT_MS; ms += STEP_MS) this.clock.advance(STEP_MS);
    const [answer, ...more] = answers;
    if (answer === undefined || more.length > 0) throw new Error(`${answers.length} answers`);
    return answer;
  }

  value<T>(call: (done: Done<T>, client: KafkaClient) => void, client: KafkaClient = this.client): T {
    const outcome = this.outcome(call, client);
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  }

  code<T>(call: (done: Done<T>, client: KafkaClient) => void, client: KafkaClient = this.client): string {
    const outcome = this.outcome(call, client);
    return outcome.ok ? "ok" : outcome.error.code;
  }

  /** Until markers are written. */
  settle(): void {
    this.clock.advance(100);
  }

  producer(
    transactionalId: string,
    options: { readonly timeoutMs?: number; readonly known?: ProducerIdentity } = {},
  ): TransactionalProducer {
    const transactional = { transactionalId, timeoutMs: TIMEOUT_MS, ...options };
    return {
      transactionalId,
      ...this.value<ProducerIdentity>((done) => this.client.initProducer({ transactional }, done)),
    };
  }

  begin(transaction: TransactionalProducer, ...partitions: readonly TopicPartition[]): string {
    return this.code<void>((done) => this.client.addPartitions({ transaction, partitions }, done));
  }

  write(
    transaction: TransactionalProducer | undefined,
    { topic, partition }: TopicPartition,
    { values, first = 0 }: { readonly values: readonly string[]; readonly first?: number },
  ): string {
    const bytes = batchOf(values, transaction, first);
    return this.code<void>((done) =>
      this.client.produce({ transaction, acks: "all", batches: [{ topic, partition, bytes }] }, done),
    );
  }

  end(transaction: TransactionalProducer, result: "commit" | "abort"): string {
    return this.code<void>((done) => this.client.endTransaction({ transaction, result }, done));
  }

  values(topic: string): readonly (string | null)[] {
    return this.kafka.committed(topic).map(({ value }) => value);
  }
}

export function batchOf(
  values: readonly string[],
  transaction: TransactionalProducer | undefined,
  firstSequence: number,
): Uint8Array {
  const builder = new BatchBuilder();
  for (const [index, value] of values.entries()) builder.append(null, value, 1_000 + index);
  return builder.seal(transaction && { ...transaction, firstSequence, isTransactional: true });
}
