/** What somebody wants of the checkpoint coordinator, and how it says no. */
import type { CheckpointKind } from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { MillraceError } from "../util/errors.ts";
import { failed } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { CHECKPOINT_FAILURES } from "./failures.ts";
import type { CheckpointFailureReason } from "./failures.ts";

export interface CheckpointRequest {
  readonly kind: CheckpointKind;
  readonly storage: BlobStore;
  /** Default: `chk-<id>` in the job's directory. */
  readonly directory?: string;
  readonly stop?: "suspend" | "drain";
  /** Called once: when the checkpoint is complete, or will not be. */
  readonly done?: Done<CompletedCheckpoint>;
}

export interface Refusal {
  readonly reason: CheckpointFailureReason;
  readonly cause?: Error;
}

/** Answers with `MR5010`, and never inside the caller's stack. */
export function refuse(done: Done<CompletedCheckpoint> | undefined, refusal: Refusal, clock: Clock): void {
  if (done === undefined) return;
  const { reason, cause } = refusal;
  const cure = reason === "CHECKPOINT_COORDINATOR_SHUTDOWN" ? "see its result" : "try again later";
  const message = `no checkpoint was started, since ${CHECKPOINT_FAILURES[reason].sentence} (${reason}); ${cure}`;
  const error = new MillraceError("MR5010", message, { cause });
  clock.yield(() => done(failed(error)));
}
