/**
 * Whether an attempt still has its subtask: it asks for the next epoch of an id that is for no transactions, and is refused if somebody has taken that over.
 *
 * In:    questions, answers of the brokers. Out: whose turn it is, in order; a refusal fails the task with `MR6405`. State: the newest epoch.
 *
 * One question at a time: each answer is the epoch to ask with the next time.
 */
import type { KafkaClient, ProducerIdentity } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";
import { identityOf } from "./sink-state.ts";

export interface OwnershipOptions {
  readonly transactionalId: string;
  readonly timeoutMs: () => number;
  readonly client: KafkaClient;
  readonly calls: TaskCalls;
}

export class Ownership {
  readonly #options: OwnershipOptions;
  #known: ProducerIdentity | undefined = undefined;
  /** The first one's question is under way. */
  readonly #turns: (() => void)[] = [];

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** The first time it takes the subtask over from whomever; later it must still be ours. */
  confirm(then: () => void): void {
    this.#turns.push(then);
    if (this.#turns.length === 1) this.#ask();
  }

  #ask(): void {
    const { transactionalId, timeoutMs, client, calls } = this.#options;
    const known = this.#known;
    const transactional = { transactionalId, timeoutMs: timeoutMs(), ...(known === undefined ? {} : { known }) };
    const owned = calls.answer<ProducerIdentity>((identity) => {
      this.#known = identityOf(identity);
      const then = this.#turns.shift();
      if (this.#turns.length > 0) this.#ask();
      then?.();
    });
    client.initProducer({ transactional }, owned);
  }
}
