/** What the coordinator counts, under Flink's metric names, and whom it tells. */
import type { CheckpointKind } from "../graph/messages.ts";
import type { MetricGroup } from "../metrics/registry.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import type { CheckpointFailureReason } from "./failures.ts";

/** Numbers of the newest completed checkpoint. */
export interface CompletedMetrics {
  /** From the trigger to the commit. */
  readonly durationMs: number;
  /** What its tasks wrote; the whole it refers to is `CompletedCheckpoint.bytes`. */
  readonly bytesWritten: number;
  /** The longest alignment of a task. */
  readonly alignmentMs: number;
  /** Records in flight that barriers have overtaken; part of `bytesWritten`. */
  readonly inFlightBytes: number;
}

/** Called in the coordinator's turn: must not throw, and must not call the coordinator. */
export interface CheckpointListener {
  triggered?(checkpointId: number, kind: CheckpointKind): void;
  completed?(checkpoint: CompletedCheckpoint, metrics: CompletedMetrics): void;
  aborted?(checkpointId: number, reason: CheckpointFailureReason, cause: Error | undefined): void;
}

export class CheckpointStatistics implements CheckpointListener {
  #triggered = 0;
  #completed = 0;
  #failed = 0;
  #newest: CompletedCheckpoint | undefined = undefined;
  #newestMetrics: CompletedMetrics | undefined = undefined;

  get triggeredCount(): number {
    return this.#triggered;
  }

  get completedCount(): number {
    return this.#completed;
  }

  /** Those that were triggered and did not complete, for whatever reason. */
  get failedCount(): number {
    return this.#failed;
  }

  get inProgress(): number {
    return this.#triggered - this.#completed - this.#failed;
  }

  /** Savepoints included. */
  get newest(): CompletedCheckpoint | undefined {
    return this.#newest;
  }

  get newestMetrics(): CompletedMetrics | undefined {
    return this.#newestMetrics;
  }

  triggered(): void {
    this.#triggered += 1;
  }

  completed(checkpoint: CompletedCheckpoint, metrics: CompletedMetrics): void {
    this.#completed += 1;
    this.#newest = checkpoint;
    this.#newestMetrics = metrics;
  }

  aborted(): void {
    this.#failed += 1;
  }

  /** The metrics of a job, as Flink names them; -1 and "" before the first completed checkpoint. */
  register(group: Pick<MetricGroup, "gauge">): void {
    group.gauge("totalNumberOfCheckpoints", () => this.#triggered);
    group.gauge("numberOfCompletedCheckpoints", () => this.#completed);
    group.gauge("numberOfFailedCheckpoints", () => this.#failed);
    group.gauge("numberOfInProgressCheckpoints", () => this.inProgress);
    group.gauge("lastCompletedCheckpointId", () => this.#newest?.checkpointId ?? -1);
    group.gauge("lastCheckpointDuration", () => this.#newestMetrics?.durationMs ?? -1);
    group.gauge("lastCheckpointSize", () => this.#newestMetrics?.bytesWritten ?? -1);
    group.gauge("lastCheckpointFullSize", () => this.#newest?.bytes ?? -1);
    group.gauge("lastCheckpointAlignment", () => this.#newestMetrics?.alignmentMs ?? -1);
    group.gauge("lastCheckpointPersistedData", () => this.#newestMetrics?.inFlightBytes ?? -1);
    group.gauge("lastCheckpointExternalPath", () => this.#newest?.directory ?? "");
  }
}
