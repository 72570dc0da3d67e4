/** What a checker is: one invariant over what a run did and left behind. */
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import type { CheckpointPointer } from "../../../core/checkpoint/pointer-store.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { SubtaskId } from "../../../core/graph/messages.ts";
import type { SimDisk } from "../disk.ts";
import type { SimRun } from "../run.ts";

/** A broken invariant, by the name of the checker that saw it. */
export interface Violation {
  readonly checker: string;
  readonly what: string;
}

/** Looks at a run when it is over. */
export interface Checker {
  readonly name: string;
  /** Undefined: nothing is wrong. */
  check(run: SimRun): string | undefined;
}

/** A checkpoint that has just become complete. */
export interface Pointed {
  readonly pointer: CheckpointPointer;
  readonly disk: SimDisk;
  /** Of the job, on the disk. */
  readonly root: string;
  /** Undefined if its metadata cannot be read. */
  readonly checkpoint: CompletedCheckpoint | undefined;
}

/** Looks on while a run goes on, and says in the end what it saw. Made anew for each run. */
export interface LiveChecker extends Checker {
  completed?(pointed: Pointed): void;
  /** The job starts from it no more. */
  forgotten?(checkpointId: number): void;
  /** `root`: what paths in metadata files are relative to. */
  written?(path: string, bytes: Uint8Array, root: string): void;
  /** A file was there, and is deleted. */
  deleted?(path: string): void;
  /** A task arrives in the slot of an offer. */
  deployed?(offer: string, task: SubtaskId, graph: JobGraph): void;
  /** It reports a failure. */
  taskFailed?(task: SubtaskId, cause: Error): void;
  /** A master has to do with a failure, of tasks or of the job. */
  jobFailed?(cause: Error): void;
  /** Its last word, or that of its slot. */
  terminated?(offer: string, task: SubtaskId): void;
  /** Records leave for a channel, or its consumer has room for more. */
  sent?(channel: string, frames: number): void;
  granted?(channel: string, frames: number): void;
}
