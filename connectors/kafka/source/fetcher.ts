/**
 * Keeps partitions supplied: one request at a time to each broker that leads some of them, for those of which too little is at hand.
 *
 * In:    partitions; what their brokers answer. Out: chunks, checked and opened, into the partitions; `onProgress` for each that has something new.
 * State: who leads what, and which brokers have a request. Bound: two chunks per partition, and `bufferBytes` in all, beyond which each partition may still have one chunk.
 *
 * A request waits at the broker only if it asks for all that is read from there. If others have enough at hand, it comes back at once: they would have to wait with
 * it when they want more. It is then repeated when they do, or after a rest.
 */
import type { Counter } from "../../../core/metrics/registry.ts";
import type { SourceReaderContext } from "../../../core/operators/contracts/source.ts";
import type { Cancel } from "../../../core/time/clock.ts";
import { formatMs } from "../../../core/util/duration.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import { unreachable } from "../client/errors.ts";
import type { KafkaClient } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";
import { deletedMeanwhile, outOfRange } from "./errors.ts";
import { planFetch } from "./fetch-plan.ts";
import type { FetchPlan } from "./fetch-plan.ts";
import { openAnswers } from "./open-answers.ts";
import type { OpenedPartition } from "./open-answers.ts";
import type { ReadPartition } from "./read-partition.ts";
import type { Settings } from "./settings.ts";
import { placeOf, splitIdOf } from "./splits.ts";

const REST_MS = 50;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2_000;

export interface FetcherParts<T> {
  readonly ctx: SourceReaderContext;
  readonly client: KafkaClient;
  readonly calls: TaskCalls;
  readonly settings: Settings<T>;
  readonly bytesConsumed: Counter;
  /** It has a chunk more, or its position has changed. */
  readonly onProgress: (partition: ReadPartition<T>) => void;
}

/** One broker. */
interface Broker<T> {
  readonly node: number;
  readonly partitions: Set<ReadPartition<T>>;
  isAsked: boolean;
  rest: Cancel | undefined;
}

export class Fetcher<T> {
  readonly #parts: FetcherParts<T>;
  readonly #brokers = new Map<number, Broker<T>>();
  /** Those that are read. */
  readonly #partitions = new Set<ReadPartition<T>>();
  /** At hand, and asked for. */
  #bytes = 0;
  #answers = 0;

  constructor(parts: FetcherParts<T>) {
    this.#parts = parts;
  }

  add(partitions: readonly ReadPartition<T>[]): void {
    for (const partition of partitions) this.#partitions.add(partition);
    this.#locate();
  }

  remove(partition: ReadPartition<T>): void {
    this.#bytes -= partition.bytes;
    this.#partitions.delete(partition);
    this.#leave(partition);
  }

  /** A chunk of these bytes is read. */
  consumed(partition: ReadPartition<T>, bytes: number): void {
    this.#bytes -= bytes;
    this.wants(partition);
  }

  /** It can take more again. */
  wants(partition: ReadPartition<T>): void {
    const broker = partition.node === undefined ? undefined : this.#brokers.get(partition.node);
    if (broker === undefined) return this.#locate();
    broker.rest?.();
    broker.rest = undefined;
    this.#fetch(broker);
  }

  #locate(): void {
    const lost = [...this.#partitions].filter(
      ({ node, isBusy, isPaused }) => node === undefined && !isBusy && !isPaused,
    );
    if (lost.length === 0) return;
    const { client, calls, ctx } = this.#parts;
    for (const partition of lost) partition.isBusy = true;
    const asked = lost.map(({ topic, partition }) => ({ topic, partition }));
    client.locate(
      asked,
      calls.answer(
        (located) => {
          const nodes = new Map(located.map((one) => [splitIdOf(one), one.node]));
          const found = new Set(lost.flatMap((partition) => this.#place(partition, nodes.get(splitIdOf(partition)))));
          for (const broker of found) this.#fetch(broker);
        },
        (error) => ctx.fail(error.code === "MR6403" ? deletedMeanwhile(asked, error) : error),
      ),
    );
  }

  #place(partition: ReadPartition<T>, node: number | undefined): readonly Broker<T>[] {
    partition.isBusy = false;
    if (!this.#partitions.has(partition)) return [];
    if (node === undefined) {
      this.#failed(partition, unreachable(`${placeOf(partition)} has no leader`));
      return [];
    }
    const broker = this.#brokers.get(node) ?? { node, partitions: new Set(), isAsked: false, rest: undefined };
    this.#brokers.set(node, broker);
    broker.partitions.add(partition);
    partition.node = node;
    return [broker];
  }

  #leave(partition: ReadPartition<T>): void {
    if (partition.node !== undefined) this.#brokers.get(partition.node)?.partitions.delete(partition);
    partition.node = undefined;
  }

  #fetch(broker: Broker<T>): void {
    if (broker.isAsked || broker.rest !== undefined) return;
    const { client, settings, ctx } = this.#parts;
    const { isolation, partitionBytesMax, codecs, bufferBytes } = settings;
    const plan = planFetch(broker.partitions, settings, bufferBytes - this.#bytes);
    if (plan === undefined) return;
    broker.isAsked = true;
    this.#bytes += plan.bytesMax;
    for (const partition of plan.partitions) partition.isBusy = true;
    const partitions = plan.partitions.map(({ topic, partition, fetchFrom: offset }) => ({ topic, partition, offset }));
    const { waitMs, bytesMax } = plan;
    client.fetch({ node: broker.node, partitions, isolation, waitMs, bytesMax, partitionBytesMax }, (outcome) => {
      const take = (opened: readonly OpenedPartition[]): void => ctx.execute(() => this.#take(broker, plan, opened));
      if (!outcome.ok) return take(plan.partitions.map(() => ({ error: outcome.error })));
      const opened = openAnswers(outcome.value, codecs);
      if (opened instanceof Promise) void opened.then(take);
      else take(opened);
    });
  }

  #take(broker: Broker<T>, plan: FetchPlan<T>, opened: readonly OpenedPartition[]): void {
    if (this.#parts.calls.isClosed) return;
    broker.isAsked = false;
    this.#bytes -= plan.bytesMax;
    let isAnything = false;
    for (const [index, partition] of plan.partitions.entries()) {
      const answer = opened[index];
      partition.isBusy = false;
      if (answer === undefined || !this.#partitions.has(partition)) continue;
      if ("error" in answer) this.#failed(partition, answer.error);
      else isAnything = this.#arrived(partition, answer, plan) || isAnything;
    }
    if (!isAnything && plan.waitMs === 0) this.#rest(broker);
    else this.#fetch(broker);
  }

  /** True: it has something new. */
  #arrived(
    partition: ReadPartition<T>,
    { fetched, batches }: Exclude<OpenedPartition, { readonly error: MillraceError }>,
    plan: FetchPlan<T>,
  ): boolean {
    const { settings, bytesConsumed, onProgress } = this.#parts;
    partition.failures = 0;
    partition.failingSinceMs = undefined;
    partition.limit = settings.isolation === "read_committed" ? fetched.lastStableOffset : fetched.highWatermark;
    bytesConsumed.count += fetched.batches.length;
    const { emptyUpTo, limit, fetchFrom } = partition;
    partition.emptyUpTo = undefined;
    if (batches.length > 0) {
      partition.push({ batches, aborted: fetched.aborted });
      this.#bytes += batches.length;
      partition.servedAt = ++this.#answers;
    } else if (emptyUpTo !== undefined && plan.partitions.length === 1) partition.jumpTo(emptyUpTo);
    else {
      // Others may have filled the answer; or compaction has left nothing up to there, which matters to those only that have an end.
      if (limit <= fetchFrom || partition.stop === Infinity) return false;
      partition.emptyUpTo = limit;
      return true;
    }
    onProgress(partition);
    return true;
  }

  #rest(broker: Broker<T>): void {
    broker.rest = this.#parts.ctx.schedule(REST_MS, () => {
      broker.rest = undefined;
      if (!this.#parts.calls.isClosed) this.#fetch(broker);
    });
  }

  #failed(partition: ReadPartition<T>, error: MillraceError): void {
    const { ctx, settings } = this.#parts;
    if (error.code === "MR6407") return this.#begone(partition, error);
    // It stays so until the next attempt. If there is to be none, for good.
    partition.isBusy = true;
    if (error.code === "MR6403") return ctx.fail(deletedMeanwhile([partition], error));
    if (!error.retryable) return ctx.fail(error);
    this.#leave(partition);
    const nowMs = ctx.nowMs();
    partition.failures += 1;
    partition.failingSinceMs ??= nowMs;
    const failingMs = nowMs - partition.failingSinceMs;
    if (failingMs >= settings.retryForMs) {
      const sentence = `${placeOf(partition)} could not be fetched for ${formatMs(failingMs)}: ${error.message}`;
      return ctx.fail(unreachable(sentence, error));
    }
    // Leaders move, and then the new one is known at once.
    const delayMs =
      partition.failures === 1 ? 0 : Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (partition.failures - 2));
    ctx.schedule(delayMs, () => {
      partition.isBusy = false;
      if (!this.#parts.calls.isClosed) this.#locate();
    });
  }

  /** The offset is not there, or not any more. */
  #begone(partition: ReadPartition<T>, error: MillraceError): void {
    const { ctx, client, calls, settings } = this.#parts;
    const { topic, partition: number, fetchFrom } = partition;
    const { onOutOfRange: at, isolation } = settings;
    partition.isBusy = true;
    if (at === "fail") return ctx.fail(outOfRange(partition, fetchFrom, error));
    const queries = [{ topic, partition: number, at }];
    client.listOffsets(
      { queries, isolation },
      calls.answer(([found]) => {
        partition.isBusy = false;
        if (found === undefined || !this.#partitions.has(partition)) return;
        ctx.warn(`${placeOf(partition, fetchFrom)} is not there (any more): goes on at offset ${found.offset}`);
        partition.jumpTo(found.offset);
        this.#parts.onProgress(partition);
        this.wants(partition);
      }),
    );
  }
}
