/** What master and tasks tell each other about checkpoints and executions: plain data, so that it can cross threads and machines. */
import type { KeyedStateHandle, StateFile } from "../state/keyed-state.ts";
import type { OperatorListSnapshot } from "../state/operator-state.ts";
import type { TimeMs } from "../time/clock.ts";
import type { WatermarkStatus } from "../time/watermark.ts";

export type { CheckpointKind, CheckpointOptions } from "../network/channel.ts";

/** One run of one subtask. Messages of an earlier attempt are dropped. */
export interface SubtaskId {
  /** Index of the job vertex. */
  readonly vertex: number;
  readonly subtask: number;
  readonly attempt: number;
}

export interface OperatorSnapshot {
  readonly operatorId: string;
  readonly keyed?: KeyedStateHandle;
  readonly lists: readonly OperatorListSnapshot[];
  /** `-Infinity` for operators that do not depend on time. */
  readonly watermarkMs: TimeMs;
}

/** What one input channel had said. */
export interface ChannelStatus {
  readonly watermarkMs: TimeMs;
  readonly status: WatermarkStatus;
}

/** Records that were on their way to one subtask when the barrier of an unaligned checkpoint overtook them, in files as `core/network/in-flight.ts` writes them, in order. */
export interface InFlightHandle {
  readonly files: readonly StateFile[];
  /** The input edges of the vertex from which there are any. */
  readonly edges: readonly number[];
}

/** All that one subtask needs to go on. */
export interface SubtaskSnapshot {
  readonly operators: readonly OperatorSnapshot[];
  /** By input edge of the vertex, in the order of its channels. */
  readonly channels: readonly (readonly ChannelStatus[])[];
  /** It had processed the end of all its inputs. */
  readonly ended: boolean;
  /** What it has to process before any new input. Absent: nothing. */
  readonly inFlight?: InFlightHandle;
}

export interface CheckpointMetrics {
  readonly alignmentMs: number;
  readonly syncMs: number;
  readonly asyncMs: number;
  /** Bytes written for this checkpoint. */
  readonly bytes: number;
  /** Of these, records in flight. Absent: none. */
  readonly inFlightBytes?: number;
}

export interface CheckpointAck {
  readonly checkpointId: number;
  readonly task: SubtaskId;
  readonly snapshot: SubtaskSnapshot;
  readonly metrics: CheckpointMetrics;
}
