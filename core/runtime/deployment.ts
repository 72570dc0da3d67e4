/** What a TaskManager needs to run one subtask: plain data about the job, and the seams of its thread. */
import type { ChannelStatus, CheckpointAck, SubtaskId } from "../graph/messages.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { Placement } from "../graph/slots.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { MetricRegistry } from "../metrics/metric-registry.ts";
import type { Backlog } from "../network/backlog.ts";
import type { ChannelConsumer, ChannelProducer, ChannelWriter } from "../network/channel.ts";
import type { SpillSpace } from "../network/spill-space.ts";
import type { KeyedStateHandle, StateFile } from "../state/keyed-state.ts";
import type { OperatorListSnapshot } from "../state/operator-state.ts";
import type { QuarantineReport } from "../operators/quarantine-report.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Scratch } from "../storage/scratch.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import type { Random } from "../util/random.ts";
import type { ModuleCopies } from "./copies.ts";
import type { GateChannel } from "./input-gate.ts";
import type { LoopWriter } from "./loop.ts";

export interface OperatorRestore {
  readonly operatorId: string;
  readonly lists: readonly OperatorListSnapshot[];
  readonly keyed: readonly KeyedStateHandle[];
  readonly watermarkMs: TimeMs;
}

/** Records that were in flight, in a file, and which of them a subtask has to process. */
export interface InFlightRestore {
  readonly file: StateFile;
  /** Place of their edge among the input edges of the vertex that saved them: one file holds those of all. */
  readonly savedEdge: number;
  /** The operator to which they were on their way, and which of its inputs. */
  readonly operatorId: string;
  readonly input: number;
  /** Index of the job edge whose partitioning says which of them are this subtask's; undefined: all. */
  readonly dealtBy: number | undefined;
}

/** What a subtask takes over from a checkpoint. */
export interface SubtaskRestore {
  readonly operators: readonly OperatorRestore[];
  /** By input edge of the vertex, in the order of its channels. */
  readonly channels: readonly (readonly ChannelStatus[])[];
  readonly ended: boolean;
  /** To be processed before any new input. Absent: nothing. */
  readonly inFlight?: readonly InFlightRestore[];
  /** The job was stopped with it: nothing is left to do but to commit what it contains. */
  readonly stopped: boolean;
  /** Later checkpoints may refer to the files of this one. */
  readonly owned: boolean;
}

export interface TaskDescriptor {
  readonly task: SubtaskId;
  readonly jobName: string;
  readonly jobId: string;
  readonly masterToken: number;
  readonly graph: JobGraph;
  readonly config: Config;
  readonly restore: SubtaskRestore | undefined;
  /** Where all subtasks of this attempt run. */
  readonly placement: Placement;
}

export interface ChannelsUsage {
  /** Records that wait in the inputs. */
  readonly waiting: number;
  /** How many the inputs ever took beyond their capacity. */
  readonly overdrawn: number;
  /** How much of the room of the inputs, and of the credit of the outputs, is taken: means, 0 to 1. */
  readonly inFullness: number;
  readonly outFullness: number;
  /** Frames sent to other slots of which no record was of a shape that is worth columns, or all of too many shapes. */
  readonly plainFrames: number;
}

/** The channels of a subtask. */
export interface TaskChannels {
  /** In the order of `inputChannels`. */
  readonly inputs: readonly GateChannel[];
  /** By edge index of the job graph, each in the order of `outputChannels`. */
  readonly outputs: ReadonlyMap<number, readonly ChannelWriter[]>;
  usage(): ChannelsUsage;
  /** How many records were ever sent into an edge; one for all consumers of a broadcast counts once. */
  recordsSent(edge: number): number;
  /** The outputs that lead back to this vertex. They never block it: what a loop holds is bounded by what is let into it. */
  readonly loopOutputs: readonly LoopWriter[];
  /** For what waits in its loop. Both spaces are closed with the task. */
  readonly loopSpace: SpillSpace;
  /** For what its operators put off. */
  readonly putOffSpace: SpillSpace;
  /** An empty queue. */
  createBacklog(space: SpillSpace): Backlog;
  /** What waits for company leaves. */
  flush(): void;
  /** Connects all ends to the task that reads and writes them. */
  connect(end: ChannelProducer & ChannelConsumer): void;
}

/** The master, as a task sees it. Every call is a message. */
export interface TaskReports {
  running(task: SubtaskId): void;
  /** All inputs have ended and everything that follows from it was emitted. */
  ended(task: SubtaskId): void;
  /** It fails; resources are still being closed. */
  failed(task: SubtaskId, cause: Error): void;
  /** Everything is closed. The last report of a task. */
  terminated(task: SubtaskId, state: "finished" | "canceled" | "failed"): void;
  acknowledge(ack: CheckpointAck): void;
  decline(checkpointId: number, task: SubtaskId, reason: CheckpointFailureReason, cause: Error): void;
  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void;
  /** `quarantined`: what it leaves undone; with the last totals of a task that has finished, if there is any. */
  accumulated(task: SubtaskId, totals: Readonly<Record<string, number>>, quarantined?: QuarantineReport): void;
}

/** What a thread shares among its tasks. */
export interface TaskEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: BlobStore;
  readonly metrics: MetricRegistry;
  readonly scratch: Scratch;
  readonly copies: ModuleCopies;
  readonly reports: TaskReports;
  /** One line for people. */
  warn(line: string): void;
}
