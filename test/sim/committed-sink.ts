/**
 * A transactional sink in memory, and the outside world that it commits to.
 *
 * In:    records; at each barrier they become one committable with an id of its own. Out: the outside world's list of commits, in order.
 * State: the outside world outlives jobs and attempts. It applies a committable once per id, as a transactional system does, and keeps every commit with
 *        its subtask, checkpoint and attempt: a map of last values would hide repeats.
 */
import type { CommitRequest, Committer, Sink, SinkContext, SinkWriter } from "../../core/index.ts";
import type { Clock } from "../../core/time/clock.ts";
import { randomHex } from "../../core/util/random.ts";
import type { Random } from "../../core/util/random.ts";
import type { OutsideMoment } from "./outside-world.ts";
import { throwAt } from "./fault-sites.ts";
import type { JobFaults } from "./fault-sites.ts";

/** Each costs 100 ms of virtual time. */
const RETRIES = 0.01;

export interface Committable<T> {
  readonly id: string;
  readonly checkpointId: number;
  readonly subtask: number;
  readonly attempt: number;
  readonly values: readonly T[];
}

export interface Commit<T> extends Omit<Committable<T>, "values"> {
  readonly value: T;
}

export class Outside<T> {
  readonly commits: Commit<T>[] = [];
  /** What must never happen, whatever fails. */
  readonly violations: string[] = [];
  /** The newest checkpoint or savepoint that can be restored from. */
  completedId = 0;
  /** Other worlds that the job reaches, as they are. */
  readonly others: readonly OutsideMoment[];
  readonly #ids = new Set<string>();

  constructor(others: readonly OutsideMoment[] = []) {
    this.others = others;
  }

  /** Whether the world can still go back to what it was when that savepoint was complete: of others nobody knows what belongs to which checkpoint. */
  canFork(checkpointId: number): boolean {
    return this.others.length === 0 || this.completedId <= checkpointId;
  }

  /** True if it was not applied before. */
  apply(committable: Committable<T>): boolean {
    const { values, ...where } = committable;
    if (committable.checkpointId > this.completedId) {
      this.violations.push(
        `${committable.id} was committed, but the newest complete checkpoint is ${this.completedId}`,
      );
    }
    if (this.#ids.has(committable.id)) return false;
    this.#ids.add(committable.id);
    for (const value of values) this.commits.push({ ...where, value });
    return true;
  }

  /**
   * The world as it was at a savepoint: without what was prepared after its barrier. What was prepared before it and is not yet visible is in the
   * savepoint, and will be committed by whoever starts from it.
   */
  fork(checkpointId: number): Outside<T> {
    const forked = new Outside<T>(this.others.map((other) => other.fork()));
    forked.completedId = checkpointId;
    for (const commit of this.commits) if (commit.checkpointId <= checkpointId) forked.commits.push(commit);
    for (const commit of forked.commits) forked.#ids.add(commit.id);
    return forked;
  }
}

export interface CommittedSinkOptions<T> {
  readonly outside: Outside<T>;
  /** Tells the committables of several jobs and sinks apart. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: JobFaults | undefined;
  /** Flushes and commits end a while after they began. */
  readonly async?: boolean;
  /** For proofs that the net catches: commits at the barrier, or not once but twice under another id. */
  readonly bug?: "commit-early" | "new-id-on-retry" | undefined;
}

export function committedSink<T>(options: CommittedSinkOptions<T>): Sink<T, never, Committable<T>> {
  return {
    createWriter: (ctx) => new CommittedWriter<T>(ctx, options),
    createCommitter: () => new OutsideCommitter<T>(options),
  };
}

class CommittedWriter<T> implements SinkWriter<T, never, Committable<T>> {
  readonly #ctx: SinkContext;
  readonly #options: CommittedSinkOptions<T>;
  /** Attempts count anew under another master: this tells them apart. */
  readonly #writer: string;
  /** Not yet flushed: not to be committed, and not to be lost behind a barrier. */
  #unflushed: T[] = [];
  #flushed: T[] = [];
  #isFlushing = false;
  #prepared = 0;

  constructor(ctx: SinkContext, options: CommittedSinkOptions<T>) {
    this.#ctx = ctx;
    this.#options = options;
    this.#writer = randomHex(options.random, 8);
  }

  write(value: T): void {
    if (this.#isFlushing) this.#options.outside.violations.push("a record was written while a flush was under way");
    this.#unflushed.push(value);
  }

  flush(): void | Promise<void> {
    if (this.#options.async !== true || this.#options.random.next() < 0.5) return this.#flushEnded();
    this.#isFlushing = true;
    return pause(this.#options).then(() => this.#flushEnded());
  }

  prepareCommit(checkpointId: number): readonly Committable<T>[] {
    if (this.#unflushed.length > 0)
      this.#options.outside.violations.push("a commit was prepared of what was not flushed");
    const { subtaskIndex: subtask, attempt } = this.#ctx;
    const values = this.#flushed;
    if (values.length === 0) return [];
    this.#flushed = [];
    this.#prepared += 1;
    const id = `${this.#options.name}/${subtask}/${attempt}/${this.#writer}/${checkpointId}/${this.#prepared}`;
    const committable = { id, checkpointId, subtask, attempt, values };
    if (this.#options.bug === "commit-early") this.#options.outside.apply(committable);
    return [committable];
  }

  #flushEnded(): void {
    this.#isFlushing = false;
    this.#flushed.push(...this.#unflushed.splice(0));
  }
}

class OutsideCommitter<T> implements Committer<Committable<T>> {
  readonly #options: CommittedSinkOptions<T>;

  constructor(options: CommittedSinkOptions<T>) {
    this.#options = options;
  }

  commit(requests: readonly CommitRequest<Committable<T>>[]): void | Promise<void> {
    if (this.#options.async !== true || this.#options.random.next() < 0.5) return this.#apply(requests);
    return pause(this.#options).then(() => this.#apply(requests));
  }

  #apply(requests: readonly CommitRequest<Committable<T>>[]): void {
    const { faults, outside, bug, random } = this.#options;
    if (faults !== undefined) throwAt(faults, "commit-before");
    // Later ones wait for the one that has to be tried again, so that they do not overtake it.
    let retry = false;
    for (const request of requests) {
      const { committable } = request;
      retry ||= random.next() < RETRIES;
      if (retry) request.retryLater();
      else if (
        !outside.apply(
          bug === "new-id-on-retry" ? { ...committable, id: `${committable.id}#${random.next()}` } : committable,
        )
      ) {
        request.signalAlreadyCommitted();
      }
    }
    if (faults !== undefined) throwAt(faults, "commit-after");
  }
}

function pause({ clock, random }: { readonly clock: Clock; readonly random: Random }): Promise<void> {
  return new Promise((resolve) => void clock.schedule(random.next() * 3, resolve));
}
