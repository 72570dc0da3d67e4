/**
 * One checkpoint from its trigger until it is completed or aborted: who has to acknowledge, who has, and how far it is.
 *
 * `collecting` → `writing` (the metadata file) → `written` → `committing` (into the store of completed checkpoints) → `ended`. It can be aborted
 * from everywhere but `committing`, whose outcome alone decides.
 */
import type {
  CheckpointAck,
  CheckpointMetrics,
  CheckpointOptions,
  SubtaskId,
  SubtaskSnapshot,
} from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Cancel, TimeMs } from "../time/clock.ts";
import { assert } from "../util/errors.ts";
import type { Done } from "../util/outcome.ts";
import type { CheckpointPlan, CompletedCheckpoint, CoordinatorSnapshot } from "./contract.ts";
import { taskKey } from "./task-key.ts";

export type PendingPhase = "collecting" | "writing" | "written" | "committing" | "ended";

export interface PendingOptions {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
  /** Where its metadata goes. */
  readonly storage: BlobStore;
  readonly plan: CheckpointPlan;
  readonly coordinators: readonly CoordinatorSnapshot[];
  readonly triggeredAtMs: TimeMs;
  /** By `Clock.elapsedMs`. */
  readonly startedMs: number;
  readonly cancelTimeout: Cancel;
  readonly done: Done<CompletedCheckpoint> | undefined;
}

const NEXT_PHASE: Readonly<Record<PendingPhase, readonly PendingPhase[]>> = {
  collecting: ["writing", "ended"],
  writing: ["written", "ended"],
  written: ["committing", "ended"],
  committing: ["written", "ended"],
  ended: [],
};

export class PendingCheckpoint {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
  readonly storage: BlobStore;
  readonly plan: CheckpointPlan;
  readonly coordinators: readonly CoordinatorSnapshot[];
  readonly triggeredAtMs: TimeMs;
  readonly startedMs: number;
  readonly cancelTimeout: Cancel;
  readonly done: Done<CompletedCheckpoint> | undefined;
  readonly #outstanding: Set<string>;
  readonly #snapshots = new Map<string, SubtaskSnapshot>();
  readonly #acknowledged: SubtaskSnapshot[] = [];
  #phase: PendingPhase = "collecting";
  #checkpoint: CompletedCheckpoint | undefined = undefined;
  #mayHaveMetadata = false;
  #bytesWritten = 0;
  #alignmentMs = 0;
  #inFlightBytes = 0;

  constructor(options: PendingOptions) {
    assert(options.plan.acknowledge.length > 0, "a checkpoint needs at least one task that acknowledges it");
    this.checkpointId = options.checkpointId;
    this.options = options.options;
    this.storage = options.storage;
    this.plan = options.plan;
    this.coordinators = options.coordinators;
    this.triggeredAtMs = options.triggeredAtMs;
    this.startedMs = options.startedMs;
    this.cancelTimeout = options.cancelTimeout;
    this.done = options.done;
    this.#outstanding = new Set(options.plan.acknowledge.map(taskKey));
    for (const { task, snapshot } of options.plan.finished)
      this.#snapshots.set(`${task.vertex}/${task.subtask}`, snapshot);
  }

  get kind(): CheckpointOptions["kind"] {
    return this.options.kind;
  }

  get directory(): string {
    return this.options.directory;
  }

  get phase(): PendingPhase {
    return this.#phase;
  }

  /** From the moment that its metadata file is being written. */
  get mayHaveMetadata(): boolean {
    return this.#mayHaveMetadata;
  }

  /** What was written to the metadata file; undefined before. */
  get checkpoint(): CompletedCheckpoint | undefined {
    return this.#checkpoint;
  }

  /** Sums over what the tasks reported; the alignment is the longest of them. */
  get metrics(): Required<Pick<CheckpointMetrics, "alignmentMs" | "bytes" | "inFlightBytes">> {
    return { alignmentMs: this.#alignmentMs, bytes: this.#bytesWritten, inFlightBytes: this.#inFlightBytes };
  }

  enter(phase: PendingPhase): void {
    assert(NEXT_PHASE[this.#phase].includes(phase), `a checkpoint that is ${this.#phase} cannot become ${phase}`);
    this.#phase = phase;
    if (phase === "writing") this.#mayHaveMetadata = true;
  }

  written(checkpoint: CompletedCheckpoint): void {
    this.enter("written");
    this.#checkpoint = checkpoint;
  }

  /** False for tasks that it does not wait for: of another attempt, or heard before. */
  accept(ack: CheckpointAck): boolean {
    if (this.#phase !== "collecting" || !this.#outstanding.delete(taskKey(ack.task))) return false;
    this.#snapshots.set(`${ack.task.vertex}/${ack.task.subtask}`, ack.snapshot);
    this.#acknowledged.push(ack.snapshot);
    this.#bytesWritten += ack.metrics.bytes;
    this.#inFlightBytes += ack.metrics.inFlightBytes ?? 0;
    this.#alignmentMs = Math.max(this.#alignmentMs, ack.metrics.alignmentMs);
    return true;
  }

  waitsFor(task: SubtaskId): boolean {
    return this.#phase === "collecting" && this.#outstanding.has(taskKey(task));
  }

  /** Keys of the tasks that have not acknowledged. */
  outstanding(): Iterable<string> {
    return this.#outstanding;
  }

  isFullyAcknowledged(): boolean {
    return this.#outstanding.size === 0;
  }

  snapshotOf(vertex: number, subtask: number): SubtaskSnapshot | undefined {
    return this.#snapshots.get(`${vertex}/${subtask}`);
  }

  /** The snapshots that have arrived, without those of finished subtasks. */
  acknowledged(): readonly SubtaskSnapshot[] {
    return this.#acknowledged;
  }
}
