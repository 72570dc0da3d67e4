/**
 * How a checkpoint begins: the plan, an id, the state of the operator coordinators, and a trigger to every task without a running input.
 *
 * In:    requests that nothing speaks against. Out: a pending checkpoint, or why it could not begin.
 * State: the next id; ids are never used twice, also by what did not begin.
 */
import type { CheckpointOptions } from "../graph/messages.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { asError } from "../util/errors.ts";
import type { Clock } from "../time/clock.ts";
import type { CheckpointCleanup } from "./cleanup.ts";
import type { CheckpointParticipants } from "./contract.ts";
import { checkpointDirectory } from "./directories.ts";
import { PendingCheckpoint } from "./pending-checkpoint.ts";
import type { CheckpointRequest, Refusal } from "./request.ts";
import type { CheckpointListener } from "./statistics.ts";

export interface BeginningOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly participants: CheckpointParticipants;
  readonly cleanup: CheckpointCleanup;
  readonly listeners: readonly CheckpointListener[];
  /** The job's. */
  readonly directory: string;
  readonly firstCheckpointId: number;
  /** The coordinator's, which it is added to. */
  readonly pending: Map<number, PendingCheckpoint>;
  readonly expired: (pending: PendingCheckpoint) => void;
}

export class Beginning {
  readonly #options: BeginningOptions;
  #nextId: number;

  constructor(options: BeginningOptions) {
    this.#options = options;
    this.#nextId = options.firstCheckpointId;
  }

  /** `completedId`: the newest one that the tasks were told of, for those that have not heard yet. */
  begin(request: CheckpointRequest, completedId: number | undefined): Refusal | undefined {
    const { clock, config, participants, cleanup, listeners } = this.#options;
    const plan = participants.plan();
    if (typeof plan === "string") return { reason: plan };
    if (plan.acknowledge.length === 0) return { reason: "NOT_ALL_REQUIRED_TASKS_RUNNING" };
    const checkpointId = this.#nextId;
    this.#nextId += 1;
    let coordinators;
    try {
      coordinators = participants.snapshotCoordinators(checkpointId);
    } catch (thrown) {
      return this.#neverBegan(checkpointId, request, asError(thrown));
    }
    const pending: PendingCheckpoint = new PendingCheckpoint({
      checkpointId,
      options: this.#optionsOf(request, checkpointId, completedId),
      storage: request.storage,
      plan,
      coordinators,
      triggeredAtMs: clock.nowMs(),
      startedMs: clock.elapsedMs(),
      cancelTimeout: clock.schedule(config.get(OPTIONS.checkpointTimeout), () => this.#options.expired(pending)),
      done: request.done,
    });
    this.#options.pending.set(checkpointId, pending);
    cleanup.began(pending);
    for (const listener of listeners) listener.triggered?.(checkpointId, pending.kind);
    for (const task of plan.trigger) participants.trigger(task, checkpointId, pending.options);
    return undefined;
  }

  /** Operator coordinators that have saved their state, before another failed to, are told that it was for nothing. */
  #neverBegan(checkpointId: number, { kind }: CheckpointRequest, cause: Error): Refusal {
    const reason = "TRIGGER_CHECKPOINT_FAILURE";
    this.#options.participants.aborted(checkpointId);
    for (const listener of this.#options.listeners) {
      listener.triggered?.(checkpointId, kind);
      listener.aborted?.(checkpointId, reason, cause);
    }
    return { reason, cause };
  }

  #optionsOf(
    { kind, directory, stop }: CheckpointRequest,
    checkpointId: number,
    completedId: number | undefined,
  ): CheckpointOptions {
    return {
      kind,
      directory: directory ?? checkpointDirectory(this.#options.directory, checkpointId),
      ...(stop !== undefined && { stop }),
      ...(completedId !== undefined && { completedId }),
      ...this.#overtaking(kind),
    };
  }

  /** A savepoint must be readable by any later version of the job, and before the final checkpoint nothing is in flight. */
  #overtaking(kind: CheckpointOptions["kind"]): Pick<CheckpointOptions, "alignedTimeoutMs"> {
    const { config } = this.#options;
    const isUnaligned = config.get(OPTIONS.unaligned) && config.get(OPTIONS.checkpointMode) === "EXACTLY_ONCE";
    return kind === "checkpoint" && isUnaligned ? { alignedTimeoutMs: config.get(OPTIONS.alignedTimeout) } : {};
  }
}
