/**
 * Finds the partitions, says where each begins and ends, and deals them out evenly.
 *
 * In:    what the cluster has, once or again and again; how many partitions each reader took over from the checkpoint. Out: splits; "no more", if it does not look again.
 * State: which partitions were found, and those that no reader has yet, with their offsets.
 *
 * Offsets are found out once. What the first search found is also kept in the memory of the master: a restart before the first checkpoint begins where the job began, not where the topic
 * ends by then. Partitions that appear later begin at their earliest record, so that nothing is missed of them.
 */
import type { SplitEnumerator, SplitEnumeratorContext } from "../../../core/operators/contracts/source.ts";
import type { Cancel } from "../../../core/time/clock.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { noSuchPartition } from "../client/errors.ts";
import type { KafkaClient, TopicDescription, TopicPartition } from "../client/kafka-client.ts";
import { Assignment } from "./assignment.ts";
import { nothingMatches, notRead } from "./errors.ts";
import { offsetsNamed, resolveOffsets } from "./resolve-offsets.ts";
import type { Offsets } from "./resolve-offsets.ts";
import type { Settings } from "./settings.ts";
import { partitionOf, splitIdOf } from "./splits.ts";
import type { HoldingEvent, WithoutEvent, KafkaEnumeratorState, KafkaSplit } from "./splits.ts";
import { absentIn, covers, partitionsIn, topicsOf } from "./subscription.ts";

/** Searches that may fail one after the other while partitions are read: what the readers do not notice may heal. */
const FAILED_SEARCHES_MAX = 3;

/** What the master remembers of the first search while no checkpoint does. */
interface FirstSearch {
  splits: readonly KafkaSplit[] | undefined;
}

export class KafkaEnumerator implements SplitEnumerator<KafkaSplit, KafkaEnumeratorState> {
  readonly #ctx: SplitEnumeratorContext<KafkaSplit>;
  readonly #settings: Settings<unknown>;
  readonly #known: Set<string>;
  readonly #assignment: Assignment;
  readonly #first: FirstSearch;
  /** Readers that were told that nothing more comes. */
  readonly #told = new Set<number>();
  /** Whether all readers have to be there before anything is dealt out: they are new, or none of them has an end. */
  readonly #waitsForAll: boolean;
  #client: KafkaClient | undefined;
  #started: boolean;
  #failedSearches = 0;
  #absent: readonly string[] = [];
  #cancelSearch: Cancel = () => undefined;
  #closed = false;

  constructor(
    ctx: SplitEnumeratorContext<KafkaSplit>,
    settings: Settings<unknown>,
    restored: KafkaEnumeratorState | undefined,
  ) {
    this.#ctx = ctx;
    this.#settings = settings;
    this.#started = restored?.started ?? false;
    // What the options leave out by now would begin anew if they name it again.
    this.#known = new Set(restored?.known.filter((id) => covers(settings.subscription, partitionOf(id))));
    this.#assignment = new Assignment(ctx.parallelism, restored?.pending ?? []);
    this.#waitsForAll = !this.#started || settings.discoverEveryMs !== undefined;
    this.#first = ctx.keepForJob(() => ({ splits: undefined }));
    ctx.metrics.gauge("unassignedSplits", () => this.#assignment.pending.length);
    ctx.metrics.gauge("absentPartitions", () => this.#absent.length);
  }

  start(): void {
    if (!this.#started && this.#first.splits !== undefined) this.#begin(this.#first.splits);
    if (!this.#started || this.#settings.discoverEveryMs !== undefined) this.#search();
  }

  /** Readers do not ask: they are given their partitions. */
  handleSplitRequest(): void {
    this.#assign();
  }

  handleEvent(subtask: number, event: unknown): void {
    const { splits } = event as HoldingEvent; // readers of this source say nothing else
    this.#assignment.holds(subtask, splits);
    this.#assign();
  }

  addSplitsBack(splits: readonly KafkaSplit[], subtask: number): void {
    this.#told.delete(subtask);
    this.#assignment.giveBack(splits, subtask);
  }

  snapshot(): KafkaEnumeratorState {
    return { started: this.#started, known: [...this.#known], pending: this.#assignment.pending };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSearch();
    await this.#client?.close();
  }

  #search(): void {
    this.#client ??= this.#settings.createClient("enumerator");
    this.#client.describeTopics(topicsOf(this.#settings.subscription), (outcome) =>
      this.#mail(outcome, (topics) => this.#found(topics)),
    );
  }

  #found(topics: readonly TopicDescription[]): void {
    const { subscription } = this.#settings;
    const absent = absentIn(subscription, topics);
    const there = partitionsIn(subscription, topics);
    if (!this.#started) {
      const [missing] = absent;
      if (missing !== undefined) return this.#ctx.fail(noSuchPartition(missing));
      const problem = this.#problemWith(there);
      if (problem !== undefined) return this.#ctx.fail(problem);
    } else this.#noticeAbsent(absent, there);
    const fresh = there.filter((partition) => !this.#known.has(splitIdOf(partition)));
    if (fresh.length === 0) return this.#searched([]);
    this.#resolve(fresh);
  }

  #problemWith(there: readonly TopicPartition[]): MillraceError | undefined {
    const { subscription, discoverEveryMs, start, stop } = this.#settings;
    if (there.length === 0 && subscription.by === "pattern" && discoverEveryMs === undefined)
      return nothingMatches(subscription.pattern);
    const ids = new Set(there.map(splitIdOf));
    const strangers = [start, stop]
      .flatMap((offsets) => (offsets?.at === "offsets" ? offsetsNamed(offsets.offsets) : []))
      .filter((partition) => !ids.has(splitIdOf(partition)));
    return strangers.length === 0 ? undefined : notRead(strangers);
  }

  /** Its reader fails, if there is one; this says why, and also of partitions that are read to their end. */
  #noticeAbsent(absent: readonly string[], there: readonly TopicPartition[]): void {
    const ids = new Set(there.map(splitIdOf));
    const gone = [...this.#known].filter((id) => !ids.has(id)).map((id) => `partition "${id}"`);
    const all = absent.length > gone.length ? absent : gone;
    if (all.length > this.#absent.length)
      this.#ctx.warn(
        `${all.slice(0, 3).join(", ")}${all.length > 3 ? ` and ${all.length - 3} more` : ""} cannot be found any more: were topics deleted?`,
      );
    this.#absent = all;
  }

  #resolve(partitions: readonly TopicPartition[]): void {
    const { client, settings } = { client: this.#client, settings: this.#settings };
    if (client === undefined) return;
    const { isolation, groupId, stop } = settings;
    const request = { client, isolation, groupId, partitions };
    const start = this.#started ? ({ at: "earliest" } as const) : settings.start;
    resolveOffsets({ ...request, offsets: start }, (starts) =>
      this.#mail(starts, (offsets) => {
        if (stop === undefined) return this.#searched(splitsOf(partitions, offsets, undefined));
        resolveOffsets({ ...request, offsets: stop }, (stops) =>
          this.#mail(stops, (ends) => this.#searched(splitsOf(partitions, offsets, ends))),
        );
      }),
    );
  }

  #searched(splits: readonly KafkaSplit[]): void {
    const { discoverEveryMs } = this.#settings;
    this.#failedSearches = 0;
    if (this.#started) this.#add(splits);
    else {
      this.#first.splits = splits;
      this.#begin(splits);
    }
    this.#assign();
    if (discoverEveryMs !== undefined) this.#searchLater(discoverEveryMs);
  }

  #begin(splits: readonly KafkaSplit[]): void {
    this.#started = true;
    this.#add(splits);
  }

  #add(splits: readonly KafkaSplit[]): void {
    for (const { splitId } of splits) this.#known.add(splitId);
    this.#assignment.add(splits);
  }

  #searchLater(delayMs: number): void {
    this.#cancelSearch = this.#ctx.schedule(delayMs, () => this.#search());
  }

  #assign(): void {
    if (!this.#started) return;
    const what = this.#waitsForAll && !this.#assignment.isComplete ? "back" : "all";
    for (const [reader, splits] of this.#assignment.deal(what)) this.#ctx.assignSplits(reader, splits);
    for (const reader of this.#assignment.readers) {
      if (this.#told.has(reader) || this.#assignment.isOwed(reader)) continue;
      this.#told.add(reader);
      const without: WithoutEvent = { type: "without" };
      // Whoever has some does not mind.
      if (this.#settings.discoverEveryMs === undefined) this.#ctx.signalNoMoreSplits(reader);
      else this.#ctx.sendEvent(reader, without);
    }
  }

  #mail<R>(outcome: Outcome<R>, take: (value: R) => void): void {
    if (this.#closed) return;
    this.#ctx.execute(() => {
      if (this.#closed) return;
      if (outcome.ok) take(outcome.value);
      else this.#failed(outcome.error);
    });
  }

  #failed(error: MillraceError): void {
    const { discoverEveryMs } = this.#settings;
    this.#failedSearches += 1;
    const isLast = !error.retryable || this.#failedSearches >= FAILED_SEARCHES_MAX;
    if (!this.#started || discoverEveryMs === undefined || isLast) return this.#ctx.fail(error);
    this.#ctx.warn(`the search for new partitions failed, and is tried again: ${error.message}`);
    this.#searchLater(discoverEveryMs);
  }
}

function splitsOf(partitions: readonly TopicPartition[], starts: Offsets, stops: Offsets | undefined): KafkaSplit[] {
  return partitions.map(({ topic, partition }) => {
    const splitId = splitIdOf({ topic, partition });
    return { splitId, topic, partition, offset: starts.get(splitId) ?? 0, stop: stops?.get(splitId) };
  });
}
