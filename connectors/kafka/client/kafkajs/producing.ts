/**
 * Record batches to the leaders of their partitions.
 *
 * In: finished batches. Out: that all are acknowledged. Those that could not be written are sent again, the same bytes, so that a broker knows by their sequence
 * numbers what it has already. State: per partition, who is the last in the queue: a batch is sent when the one before it has an answer, so that a
 * repetition never comes behind a batch of a later call.
 */
import type { ProduceBatch, ProduceRequest, TopicPartition } from "../kafka-client.ts";
import { BrokerError, meaningOf } from "./broker-errors.ts";
import { partitionKey, partitionText } from "./by-topic.ts";
import type { Cluster } from "./cluster.ts";
import { produceRequest } from "./our-requests.ts";

/** A place in the queues of some partitions. */
export interface Turn {
  /** Settles when all that stood before has left; never rejects. */
  readonly come: Promise<unknown>;
  leave(): void;
}

export class PartitionQueues {
  readonly #last = new Map<string, Promise<unknown>>();

  /** In all queues at once, so that no two calls wait for each other. */
  enter(partitions: readonly TopicPartition[]): Turn {
    const keys = [...new Set(partitions.map(partitionKey))];
    const before = keys.flatMap((key) => this.#last.get(key) ?? []);
    const come = Promise.all(before);
    let left: (value: unknown) => void = () => undefined;
    const mine = new Promise((resolve) => (left = resolve));
    // Also who leaves before its turn has come holds nobody up, and lets nobody pass.
    const over = Promise.all([come, mine]);
    for (const key of keys) this.#last.set(key, over);
    const leave = (): void => {
      for (const key of keys) if (this.#last.get(key) === over) this.#last.delete(key);
      left(undefined);
    };
    return { come, leave };
  }
}

/** One call: what is left of it after each attempt. */
export class Production {
  readonly #cluster: Cluster;
  readonly #request: ProduceRequest;
  readonly #timeoutMs: number;
  #left: readonly ProduceBatch[];

  constructor(cluster: Cluster, request: ProduceRequest, timeoutMs: number) {
    this.#cluster = cluster;
    this.#request = request;
    this.#timeoutMs = timeoutMs;
    this.#left = request.batches;
  }

  /** Sends what is left, and throws the gravest error of what is left then. */
  async attempt(): Promise<void> {
    const perLeader = await this.#cluster.byLeader(this.#left);
    const results = await Promise.allSettled([...perLeader].map(([node, batches]) => this.#send(node, batches)));
    const errors = results.flatMap((result): readonly unknown[] =>
      result.status === "fulfilled" ? result.value : [result.reason],
    );
    const grave = errors.find((error) => error instanceof BrokerError && !PASSING.has(error.meaning));
    if (errors.length > 0) throw grave ?? errors[0];
  }

  async #send(node: number, batches: readonly ProduceBatch[]): Promise<Error[]> {
    const { acks, transaction } = this.#request;
    const transactionalId = transaction?.transactionalId;
    const timeoutMs = this.#timeoutMs;
    const answers = await this.#cluster.ask(node, produceRequest({ transactionalId, batches, acks, timeoutMs }));
    const refused = (answers ?? []).filter(
      ({ errorNumber }) => errorNumber !== 0 && meaningOf(errorNumber) !== "duplicate",
    );
    const stay = new Set(refused.map(partitionKey));
    const sent = new Set(batches);
    this.#left = this.#left.filter((batch) => !sent.has(batch) || stay.has(partitionKey(batch)));
    return refused.map((answer) => new BrokerError(answer.errorNumber, partitionText(answer)));
  }
}

const PASSING: ReadonlySet<string> = new Set(["again", "moved", "unknown-topic"]);
