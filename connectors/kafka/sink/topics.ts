/**
 * How many partitions each topic has, as far as somebody asked.
 *
 * In:    topics, when a record goes there for the first time. Out: `then`, once the cluster has said. State: the counts, renewed every five minutes, since topics grow.
 */
import type { SinkContext } from "../../../core/operators/contracts/sink.ts";
import { noSuchPartition } from "../client/errors.ts";
import type { KafkaClient } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";

const RENEW_MS = 300_000;

export class Topics {
  readonly #ctx: SinkContext;
  readonly #client: KafkaClient;
  readonly #calls: TaskCalls;
  readonly #counts = new Map<string, number>();

  constructor(ctx: SinkContext, { client, calls }: { readonly client: KafkaClient; readonly calls: TaskCalls }) {
    this.#ctx = ctx;
    this.#client = client;
    this.#calls = calls;
    this.#renewLater();
  }

  /** Undefined: ask. Hot. */
  partitions(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  /** Errors: `MR6403` no such topic, which fails the task. */
  ask(topic: string, then: () => void): void {
    const answered = this.#calls.answer<readonly { readonly topic: string; readonly partitions: number }[]>(
      (described) => {
        const found = described.find((one) => one.topic === topic);
        if (found === undefined)
          return this.#ctx.fail(noSuchPartition(`the topic "${topic}", to which a Kafka sink writes,`));
        this.#counts.set(topic, found.partitions);
        then();
      },
    );
    this.#client.describeTopics([topic], answered);
  }

  #renewLater(): void {
    this.#ctx.schedule(RENEW_MS, () => {
      const renewed = this.#calls.answer<readonly { readonly topic: string; readonly partitions: number }[]>(
        (described) => {
          for (const { topic, partitions } of described) this.#counts.set(topic, partitions);
          this.#renewLater();
        },
        // What is known goes on to hold; a cluster that is not there shows when records are sent.
        () => this.#renewLater(),
      );
      this.#client.describeTopics([...this.#counts.keys()], renewed);
    });
  }
}
