/**
 * The transactions of one subtask: one after another, each begun before its first record needs it.
 *
 * In:    what was restored; the end of each transaction. Out: `onReady` with the next producer; committables. State: the pool of ids, the transaction at hand.
 *
 * Before the first one, those of earlier attempts are over (`succession.ts`). Its own ids are named after itself, so that no request of an earlier attempt, however late, can abort what it has prepared.
 *
 * Every transaction begins with a new epoch, so that id and epoch name it.
 */
import type { KafkaClient, ProducerIdentity, TopicPartition, TransactionalProducer } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";
import { uncommittedIds } from "./earlier-ids.ts";
import { IdPool } from "./id-pool.ts";
import type { TakenId } from "./id-pool.ts";
import { Ownership } from "./ownership.ts";
import { identityOf, idText, ownerId } from "./sink-state.ts";
import type { IdOwner, KafkaCommittable, KafkaSinkState, PooledId } from "./sink-state.ts";
import { Succession } from "./succession.ts";
import { Witness } from "./witness.ts";

export interface TransactionsOptions {
  readonly owner: IdOwner;
  readonly parallelism: number;
  /** From the longest that the broker allows, if it says so. Throws if it is too long. */
  readonly timeoutMs: (maxMs: number | undefined) => number;
  readonly restored: readonly KafkaSinkState[];
  readonly client: KafkaClient;
  readonly calls: TaskCalls;
  readonly nowMs: () => number;
  readonly onReady: (producer: TransactionalProducer) => void;
  readonly fail: (error: Error) => void;
}

interface Current {
  readonly number: number;
  readonly producer: TransactionalProducer;
  /** With this transaction. */
  readonly witness: Witness;
  begunMs: number | undefined;
}

export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #pool: IdPool;
  readonly #ownership: Ownership;
  readonly #succession: Succession;
  /** With restored committables: not ours to touch before the first checkpoint of this attempt has completed. */
  #left: readonly PooledId[];
  #current: Current | undefined = undefined;
  #past: readonly string[] = [];
  #firstSnapshot = Infinity;
  #timeoutMs = 0;
  #started = false;
  #onStarted: (() => void) | undefined = undefined;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#pool = new IdPool(options.owner);
    const { client, calls, owner, fail } = options;
    const timeoutMs = (): number => this.#timeoutMs;
    this.#ownership = new Ownership({ transactionalId: ownerId(owner), timeoutMs, client, calls });
    const { parallelism, restored } = options;
    const ownership = this.#ownership;
    this.#succession = new Succession({ owner, parallelism, restored, ownership, timeoutMs, client, calls, fail });
    this.#left = uncommittedIds(options);
  }

  /** Milliseconds since the open transaction has its first partition; 0 if there is none. */
  get ageMs(): number {
    const begunMs = this.#current?.begunMs;
    return begunMs === undefined ? 0 : this.#options.nowMs() - begunMs;
  }

  get size(): number {
    return this.#pool.size;
  }

  /** Not prepared; perhaps open. */
  get unprepared(): TransactionalProducer | undefined {
    return this.#current?.producer;
  }

  start(): void {
    const { client, calls } = this.#options;
    client.transactionTimeoutMaxMs(
      calls.answer((maxMs) => {
        this.#timeoutMs = this.#options.timeoutMs(maxMs);
        this.#succession.start((past) => {
          this.#past = past;
          this.next();
        });
      }),
    );
  }

  /**
   * Nothing of earlier attempts is open any more, and this one has its first id. No checkpoint may pass before: it would no longer know the ids of subtasks that are gone, and later attempts take it
   * for the proof that all before it were succeeded.
   */
  whenStarted(then: () => void): void {
    if (this.#started) then();
    else this.#onStarted = then;
  }

  /** The transaction has its first partition; from now on the broker counts its time. `done` when it carries its witness. */
  begun(place: TopicPartition, done: () => void): void {
    const current = this.#current;
    if (current === undefined) return;
    current.begunMs = this.#options.nowMs();
    const { client, calls } = this.#options;
    const { producer, witness } = current;
    const offset = {
      topic: place.topic,
      partition: place.partition,
      offset: witness.sequence,
      metadata: witness.metadata,
    };
    client.addOffsets(
      { transaction: producer, group: producer.transactionalId, offsets: [offset] },
      calls.answer<void>(done),
    );
  }

  /** Everything is acknowledged. The next one has to be asked for. */
  prepare(records: number): KafkaCommittable | undefined {
    const current = this.#current;
    if (current?.begunMs === undefined) return undefined;
    this.#pool.prepared(current.number, identityOf(current.producer));
    this.#current = undefined;
    return { ...current.producer, records };
  }

  /** Asks for a producer, unless there is one that has written nothing yet. */
  next(): void {
    if (this.#current !== undefined) return;
    this.#init(this.#pool.take());
  }

  snapshot(checkpointId: number, uncommitted: readonly string[]): KafkaSinkState {
    this.#firstSnapshot = Math.min(this.#firstSnapshot, checkpointId);
    return this.#pool.snapshot(checkpointId, { uncommitted, past: this.#past });
  }

  checkpointCompleted(checkpointId: number): void {
    this.#pool.checkpointCompleted(checkpointId);
    if (checkpointId < this.#firstSnapshot || this.#left.length === 0) return;
    // What was restored is committed now. Whoever prepared it, if somebody went back in time, may have used these ids again.
    const left = this.#left;
    this.#left = [];
    this.#ownership.confirm(() => this.#succession.takeOver(left.map(idText), () => {}));
  }

  #init(taken: TakenId): void {
    const { client, calls } = this.#options;
    const { transactionalId, known } = taken;
    const transactional = { transactionalId, timeoutMs: this.#timeoutMs, ...(known === undefined ? {} : { known }) };
    client.initProducer(
      { transactional },
      calls.answer((identity) => {
        // A successor that has listed the ids before this one was there would leave it open: then the subtask is not ours any more.
        if (known === undefined) this.#ownership.confirm(() => this.#read(taken, identity));
        else this.#read(taken, identity);
      }),
    );
  }

  /** What its earlier transactions committed: the broker has finished them before it answered with the producer. */
  #read({ number, transactionalId }: TakenId, identity: ProducerIdentity): void {
    const { client, calls, onReady } = this.#options;
    client.committedOffsets(
      transactionalId,
      calls.answer((offsets) => {
        const producer = { transactionalId, ...identityOf(identity) };
        this.#current = { number, producer, witness: Witness.of(offsets).with(identity), begunMs: undefined };
        onReady(producer);
        this.#goOn();
      }),
    );
  }

  #goOn(): void {
    if (this.#started) return;
    this.#started = true;
    this.#onStarted?.();
    this.#onStarted = undefined;
  }
}
