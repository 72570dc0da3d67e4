/**
 * The transactions of one subtask: one after another, each begun before its first record needs it.
 *
 * In:    what was restored; the end of each transaction. Out: `onReady` with the next producer; committables. State: the pool of ids, the transaction at hand.
 *
 * At the start it takes over the ids of earlier attempts (`earlier-ids.ts`): whoever has them is refused from then on, and what they have left open is aborted. Its own ids are named after itself,
 * so that no request of an earlier attempt, however late, can abort what it has prepared.
 *
 * Every transaction begins with a new epoch, so that id and epoch name it. An attempt that was believed dead may ask for a new id of its own when its successor has listed them already, and would leave a
 * transaction open that nobody knows. So it asks afterwards, before it begins anything, for the next epoch of one more id (`ownerId`), under which nobody ever does: there it is refused if a successor
 * has asked in the meantime. The same question between list and takeover keeps apart attempts of two jobs, whose names do not tell which came first. Only an attempt of another job with this
 * prefix, believed dead before its very first request, which goes on when its successor has prepared something, takes ids over that are not its own: the successor notices when it commits, and
 * fails with `MR6442`.
 */
import type {
  KafkaClient,
  ListedTransaction,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
} from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";
import { earlierIds, uncommittedIds } from "./earlier-ids.ts";
import { IdPool } from "./id-pool.ts";
import type { TakenId } from "./id-pool.ts";
import { idText, identityOf, ownerId } from "./sink-state.ts";
import type { IdOwner, KafkaCommittable, KafkaSinkState, PooledId } from "./sink-state.ts";
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
}

interface Current {
  readonly number: number;
  readonly producer: TransactionalProducer;
  /** With this transaction. */
  readonly witness: Witness;
  begunMs: number | undefined;
}

/** Requests at a time while ids are taken over. */
const AT_ONCE = 5;

export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #pool: IdPool;
  /** With restored committables: not ours to touch before the first checkpoint of this attempt has completed. */
  #left: readonly PooledId[];
  #current: Current | undefined = undefined;
  #firstSnapshot = Infinity;
  #timeoutMs = 0;
  #ownership: ProducerIdentity | undefined = undefined;
  /** Whose turn it is once the owner's id has answered; the first one's question is under way. */
  readonly #ownersTurns: (() => void)[] = [];
  #started = false;
  #onStarted: (() => void) | undefined = undefined;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#pool = new IdPool(options.owner);
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
    const { client, calls, owner } = this.#options;
    const listed = calls.answer<readonly ListedTransaction[] | undefined>((known) => {
      const ids = earlierIds({ ...this.#options, listed: known });
      this.#own(() => this.#takeOver(ids, () => this.#goOn()));
    });
    client.transactionTimeoutMaxMs(
      calls.answer((maxMs) => {
        this.#timeoutMs = this.#options.timeoutMs(maxMs);
        this.#own(() => client.listTransactions(owner.prefix, listed));
      }),
    );
  }

  /** Nothing of earlier attempts is open any more. No checkpoint may pass before: it would no longer know the ids of subtasks that are gone. */
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
    return this.#pool.snapshot(checkpointId, uncommitted);
  }

  checkpointCompleted(checkpointId: number): void {
    this.#pool.checkpointCompleted(checkpointId);
    if (checkpointId < this.#firstSnapshot || this.#left.length === 0) return;
    // What was restored is committed now. Whoever prepared it, if somebody went back in time, may have used these ids again.
    const left = this.#left;
    this.#left = [];
    this.#own(() => this.#takeOver(left, () => {}));
  }

  #init(taken: TakenId): void {
    const { client, calls } = this.#options;
    const { transactionalId, known } = taken;
    const transactional = { transactionalId, timeoutMs: this.#timeoutMs, ...(known === undefined ? {} : { known }) };
    client.initProducer(
      { transactional },
      calls.answer((identity) => {
        // A successor that has listed the ids before this one was there would leave it open: then it has become the owner, too.
        if (known === undefined) this.#own(() => this.#read(taken, identity));
        else this.#read(taken, identity);
      }),
    );
  }

  /** Still we, and no later attempt; the first time, it is we from now on. One question at a time: each answer is the epoch to ask with the next time. */
  #own(then: () => void): void {
    this.#ownersTurns.push(then);
    if (this.#ownersTurns.length === 1) this.#askOwner();
  }

  #askOwner(): void {
    const { client, calls, owner } = this.#options;
    const known = this.#ownership;
    const transactionalId = ownerId(owner);
    const transactional = { transactionalId, timeoutMs: this.#timeoutMs, ...(known === undefined ? {} : { known }) };
    const owned = calls.answer<ProducerIdentity>((identity) => {
      this.#ownership = identityOf(identity);
      const then = this.#ownersTurns.shift();
      if (this.#ownersTurns.length > 0) this.#askOwner();
      then?.();
    });
    client.initProducer({ transactional }, owned);
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
      }),
    );
  }

  #goOn(): void {
    this.#started = true;
    this.next();
    this.#onStarted?.();
    this.#onStarted = undefined;
  }

  #takeOver(ids: readonly PooledId[], done: () => void): void {
    const { client, calls } = this.#options;
    const timeoutMs = this.#timeoutMs;
    const waiting = [...ids];
    let open = 0;
    const go = (): void => {
      if (waiting.length === 0 && open === 0) return done();
      for (let id = next(); id !== undefined; id = next()) take(id);
    };
    const next = (): PooledId | undefined => (open < AT_ONCE ? waiting.shift() : undefined);
    const take = (id: PooledId): void => {
      open++;
      const taken = calls.answer<ProducerIdentity>(() => {
        open--;
        go();
      });
      client.initProducer({ transactional: { transactionalId: idText(id), timeoutMs } }, taken);
    };
    go();
  }
}
