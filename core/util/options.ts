/**
 * Every option of millrace, once: key, type, default, unit and a sentence. Names are Flink's where the concept is.
 *
 * `config.ts` holds values for them; `docs/configuration.md` is made from this file.
 */
export type OptionType = "boolean" | "integer" | "number" | "duration" | "string";

export interface Option<T> {
  readonly key: string;
  readonly type: OptionType;
  /** Durations in ms. */
  readonly default: T;
  /** For `string`: what is allowed. */
  readonly values?: readonly string[];
  /** For numbers and durations. */
  readonly min?: number;
  readonly doc: string;
}

function integer(key: string, fallback: number, doc: string, min = 0): Option<number> {
  return { key, type: "integer", default: fallback, doc, min };
}
function decimal(key: string, fallback: number, doc: string, min = 0): Option<number> {
  return { key, type: "number", default: fallback, doc, min };
}
function duration(key: string, fallbackMs: number, doc: string, min = 0): Option<number> {
  return { key, type: "duration", default: fallbackMs, doc, min };
}
function flag(key: string, fallback: boolean, doc: string): Option<boolean> {
  return { key, type: "boolean", default: fallback, doc };
}
function text(key: string, fallback: string, doc: string, values?: readonly string[]): Option<string> {
  return values === undefined
    ? { key, type: "string", default: fallback, doc }
    : { key, type: "string", default: fallback, doc, values };
}

/** The names that code uses; the options themselves stand below. */
export interface Options {
  readonly parallelism: Option<number>;
  readonly maxParallelism: Option<number>;
  readonly autoWatermarkInterval: Option<number>;
  readonly allowUnalignedSourceSplits: Option<boolean>;
  readonly operatorChaining: Option<boolean>;
  readonly autoGenerateUids: Option<boolean>;
  readonly operatorCopies: Option<boolean>;
  readonly developmentMode: Option<boolean>;
  readonly channelCapacity: Option<number>;
  readonly buffersPerChannel: Option<number>;
  readonly floatingBuffersPerGate: Option<number>;
  readonly segmentSize: Option<number>;
  readonly bufferTimeout: Option<number>;
  readonly feedbackMemory: Option<number>;
  readonly feedbackDisk: Option<number>;
  readonly temporaryDirectories: Option<string>;
  readonly slots: Option<number>;
  readonly slotHeap: Option<number>;
  readonly slotIsolation: Option<string>;
  readonly taskCancellationTimeout: Option<number>;
  readonly slotRequestTimeout: Option<number>;
  readonly heartbeatInterval: Option<number>;
  readonly heartbeatTimeout: Option<number>;
  readonly operatorRecords: Option<boolean>;
  readonly checkpointInterval: Option<number>;
  readonly checkpointTimeout: Option<number>;
  readonly checkpointMinPause: Option<number>;
  readonly checkpointMaxConcurrent: Option<number>;
  readonly checkpointTolerableFailures: Option<number>;
  readonly checkpointMode: Option<string>;
  readonly unaligned: Option<boolean>;
  readonly alignedTimeout: Option<number>;
  readonly checkpointRetained: Option<number>;
  readonly checkpointRetention: Option<string>;
  readonly checkpointDirectory: Option<string>;
  readonly savepointDirectory: Option<string>;
  readonly restoreFrom: Option<string>;
  readonly ignoreUnclaimedState: Option<boolean>;
  readonly claimMode: Option<string>;
  readonly acceptDuplicates: Option<boolean>;
  readonly committerRetries: Option<number>;
  readonly failoverStrategy: Option<string>;
  readonly restartStrategy: Option<string>;
  readonly fixedDelayAttempts: Option<number>;
  readonly fixedDelay: Option<number>;
  readonly failureRateMax: Option<number>;
  readonly failureRateInterval: Option<number>;
  readonly failureRateDelay: Option<number>;
  readonly exponentialInitial: Option<number>;
  readonly exponentialMax: Option<number>;
  readonly exponentialMultiplier: Option<number>;
  readonly exponentialJitter: Option<number>;
  readonly exponentialReset: Option<number>;
  readonly exponentialAttempts: Option<number>;
}

/** All options. */
export const OPTIONS: Options = {
  parallelism: integer("parallelism.default", 1, "Subtasks per operator where none is set.", 1),
  maxParallelism: integer(
    "pipeline.max-parallelism",
    -1,
    "Key groups of every vertex; -1: those of the state that it starts from, else derived from its parallelism. Fixed for the life of the state.",
    -1,
  ),
  autoWatermarkInterval: duration(
    "pipeline.auto-watermark-interval",
    200,
    "How often generators are asked for a watermark; 0: never.",
  ),
  allowUnalignedSourceSplits: flag(
    "pipeline.watermark-alignment.allow-unaligned-source-splits",
    false,
    "Whether a reader that cannot pause splits one by one reads all of them on until all are too far ahead of their watermark alignment group. Else the job fails then.",
  ),
  operatorChaining: flag(
    "pipeline.operator-chaining.enabled",
    true,
    "Whether operators that can be chained become calls.",
  ),
  autoGenerateUids: flag("pipeline.auto-generate-uids", true, "False: a stateful operator without a uid is refused."),
  operatorCopies: flag(
    "pipeline.operator-copies",
    true,
    "Whether each position of the graph runs its own copy of its operator's code, which is faster and costs 19 KB.",
  ),
  developmentMode: flag(
    "pipeline.development-mode",
    false,
    "Whether values that were emitted are frozen, so that code that changes them fails at once. Slow.",
  ),
  channelCapacity: integer(
    "taskmanager.network.in-slot-channel-capacity",
    256,
    "Records that wait between two tasks of one slot.",
    1,
  ),
  buffersPerChannel: integer(
    "taskmanager.network.memory.buffers-per-channel",
    2,
    "Frames that may be under way between two subtasks of different slots in any case; what one record emits at once may go beyond.",
    1,
  ),
  floatingBuffersPerGate: integer(
    "taskmanager.network.memory.floating-buffers-per-gate",
    8,
    "Frames under way to one subtask beyond those, from all others together; they go where they are needed. So memory hardly grows with the parallelism.",
  ),
  segmentSize: integer(
    "taskmanager.memory.segment-size",
    32_768,
    "Bytes of such a frame, about; a record that is larger has one of its own.",
    64,
  ),
  bufferTimeout: duration(
    "execution.buffer-timeout.interval",
    1,
    "How long a record waits for others that fill its frame while its task has more to do; a task with nothing to do sends at once.",
  ),
  feedbackMemory: integer(
    "statefun.feedback.memory.size",
    33_554_432,
    "Bytes of what waits in the loop of a subtask, such as messages between functions, that are kept in memory. What is beyond goes to disk, and meanwhile nothing new comes in from outside.",
    1,
  ),
  feedbackDisk: integer(
    "statefun.feedback.disk.size",
    10_737_418_240,
    "Bytes that the loop of a subtask may take on disk; with more, the job fails.",
  ),
  temporaryDirectories: text(
    "io.tmp.dirs",
    "",
    "Directories for what does not fit into memory, separated by commas; empty: the system's.",
  ),
  slots: integer(
    "taskmanager.numberOfTaskSlots",
    -1,
    "Slots of a TaskManager; -1: one in a cluster; as many as the job needs in the calling thread.",
    -1,
  ),
  slotRequestTimeout: duration(
    "slot.request.timeout",
    300_000,
    "How long a slot may take from its start until it serves its job, which is to import the job's module and to build its graph, before it is ended and another one is started.",
    1,
  ),
  heartbeatInterval: duration(
    "heartbeat.interval",
    10_000,
    "How often a job master and its slots, and the ResourceManager and TaskManagers, tell each other that they are there.",
    1,
  ),
  heartbeatTimeout: duration(
    "heartbeat.timeout",
    50_000,
    "How long a job master, a slot, a TaskManager or the ResourceManager may be silent before it counts as lost.",
    1,
  ),
  slotHeap: integer(
    "taskmanager.memory.task.heap.size",
    0,
    "MiB of heap that each slot of a cluster may use before it ends and its job starts again; 0: Node's own limit.",
  ),
  slotIsolation: text(
    "taskmanager.slot.isolation",
    "thread",
    "What a slot of a cluster is: a thread of its process, or a process, which costs speed between slots, and keeps a crash of native code to one slot.",
    ["thread", "process"],
  ),
  taskCancellationTimeout: duration(
    "task.cancellation.timeout",
    180_000,
    "How long a task that was cancelled or failed waits for an `open` or `close` of the job's code before it is given up; 0: for ever.",
  ),
  operatorRecords: flag(
    "metrics.operator-records",
    false,
    "Whether records are counted between all operators of a chain, also where their number cannot be derived. Takes up to half the speed of a bare chain.",
  ),

  checkpointInterval: duration(
    "execution.checkpointing.interval",
    0,
    "Time between the starts of two checkpoints; 0: none.",
  ),
  checkpointTimeout: duration(
    "execution.checkpointing.timeout",
    600_000,
    "A checkpoint that takes longer is aborted.",
    1,
  ),
  checkpointMinPause: duration(
    "execution.checkpointing.min-pause",
    0,
    "Time between the end of one checkpoint and the start of the next; above 0, one at a time.",
  ),
  checkpointMaxConcurrent: integer(
    "execution.checkpointing.max-concurrent-checkpoints",
    1,
    "Checkpoints under way at a time.",
    1,
  ),
  checkpointTolerableFailures: integer(
    "execution.checkpointing.tolerable-failed-checkpoints",
    0,
    "Failed checkpoints in a row before the job fails.",
  ),
  checkpointMode: text("execution.checkpointing.mode", "EXACTLY_ONCE", "AT_LEAST_ONCE does not align.", [
    "EXACTLY_ONCE",
    "AT_LEAST_ONCE",
  ]),
  unaligned: flag(
    "execution.checkpointing.unaligned.enabled",
    false,
    "Whether barriers may overtake the records that wait in channels, which are then saved too. Only in mode EXACTLY_ONCE; savepoints are always aligned.",
  ),
  alignedTimeout: duration(
    "execution.checkpointing.aligned-checkpoint-timeout",
    0,
    "With unaligned checkpoints: how long a barrier waits for others, and behind records, before it overtakes them; 0: not at all.",
  ),
  checkpointRetained: integer("execution.checkpointing.num-retained", 1, "Completed checkpoints that are kept.", 1),
  checkpointRetention: text(
    "execution.checkpointing.externalized-checkpoint-retention",
    "NO_EXTERNALIZED_CHECKPOINTS",
    "What happens to checkpoints when the job ends.",
    ["NO_EXTERNALIZED_CHECKPOINTS", "DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION"],
  ),
  checkpointDirectory: text(
    "execution.checkpointing.dir",
    "",
    "Directory of checkpoints; empty: kept in memory, lost with the process.",
  ),
  savepointDirectory: text(
    "execution.checkpointing.savepoint-dir",
    "",
    "Directory of savepoints that are triggered without one.",
  ),
  restoreFrom: text(
    "execution.state-recovery.path",
    "",
    "Savepoint or retained checkpoint to start from; empty: fresh start.",
  ),
  ignoreUnclaimedState: flag(
    "execution.state-recovery.ignore-unclaimed-state",
    false,
    "Whether state that no operator takes over is dropped instead of refused.",
  ),
  claimMode: text(
    "execution.state-recovery.claim-mode",
    "NO_CLAIM",
    "CLAIM: the job owns the snapshot it starts from and may delete it.",
    ["CLAIM", "NO_CLAIM"],
  ),
  acceptDuplicates: flag(
    "execution.state-recovery.accept-duplicates",
    false,
    "Allows to start from an older checkpoint than the newest: output after it is written twice.",
  ),

  committerRetries: integer(
    "sink.committer.retries",
    10,
    "How often a sink's committer may ask to try one commit again, after 100 ms, 200 ms, … 10 s, before the job fails.",
  ),

  failoverStrategy: text(
    "jobmanager.execution.failover-strategy",
    "region",
    "What starts again after a failure: the pipelined regions that it struck, or the full job.",
    ["region", "full"],
  ),
  restartStrategy: text("restart-strategy.type", "", "Empty: exponential-delay with checkpointing, none without.", [
    "",
    "none",
    "fixed-delay",
    "failure-rate",
    "exponential-delay",
  ]),
  fixedDelayAttempts: integer("restart-strategy.fixed-delay.attempts", 1, "Restarts before the job fails."),
  fixedDelay: duration("restart-strategy.fixed-delay.delay", 1_000, "Pause before each restart."),
  failureRateMax: integer(
    "restart-strategy.failure-rate.max-failures-per-interval",
    1,
    "More failures than this within the interval fail the job.",
    1,
  ),
  failureRateInterval: duration(
    "restart-strategy.failure-rate.failure-rate-interval",
    60_000,
    "The interval in which failures are counted.",
    1,
  ),
  failureRateDelay: duration("restart-strategy.failure-rate.delay", 1_000, "Pause before each restart."),
  exponentialInitial: duration(
    "restart-strategy.exponential-delay.initial-backoff",
    1_000,
    "Pause before the first restart.",
  ),
  exponentialMax: duration("restart-strategy.exponential-delay.max-backoff", 60_000, "Longest pause."),
  exponentialMultiplier: decimal(
    "restart-strategy.exponential-delay.backoff-multiplier",
    1.5,
    "Factor from one pause to the next.",
    1,
  ),
  exponentialJitter: decimal(
    "restart-strategy.exponential-delay.jitter-factor",
    0.1,
    "Random part of each pause, as a share of it.",
  ),
  exponentialReset: duration(
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    3_600_000,
    "Running this long without failure resets the pause.",
  ),
  exponentialAttempts: integer(
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    -1,
    "Restarts before the job fails; -1: no limit.",
    -1,
  ),
};
