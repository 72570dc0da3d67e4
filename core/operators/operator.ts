/**
 * The contracts between the task and its operators. Read together with `core/runtime/task.ts`, which calls what is declared here.
 *
 * A task runs a chain of operators in one thread. Records flow through direct calls: an operator's `Output` is the next operator's `Input`, a
 * partition writer at the end of the chain, or a fan-out to several. Barriers do not flow through operators: the task forwards them and then asks each
 * operator for its state.
 *
 * Each operator's file is self-contained (operator, context, collector) and exports one factory, since the task runs a fresh copy of the file per
 * position in the graph: shared code between two hops would share V8's inline caches and cost a factor of five.
 */
import type { MetricGroup } from "../metrics/registry.ts";
import type { Backlog } from "../network/backlog.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import type { OperatorState } from "../state/operator-state.ts";
import type { InternalTimers, TimerTarget } from "../state/timers.ts";
import type { Cancel, Clock, TimeMs } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import type { TaskInfo } from "./contracts/functions.ts";
import type { QuarantineReport } from "./quarantine-report.ts";

/** The timestamp of records that have none. */
export const NO_TIMESTAMP: TimeMs = -Infinity;

/** Where records and watermarks of one input arrive. Everything is synchronous; nothing is kept of the arguments but the value. */
export interface Input<T> {
  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void;
  /** Called with rising values only. */
  processWatermark(watermarkMs: TimeMs): void;
  /** All channels fell idle, or the first one became active again. */
  processIdle(idle: boolean): void;
}

/** What an operator emits to. Always accepts; an operator that emits many asks `Availability` in between. */
export type Output<T> = Input<T>;

/**
 * Whether the chain can take more, one per task. Hot code reads `busy` before the next record; whoever cannot take more blocks.
 */
export interface Availability {
  /** True while anything in the chain blocks or has pending work. */
  readonly busy: boolean;
  /** One more reason to wait. The task reads no input until the reason is gone. */
  block(): void;
  /** Takes one reason back; wakes the task when none is left. */
  unblock(): void;
  /** An operator stopped in the middle: sets `busy` for the rest of this call stack. The task calls `resume` from tail to head. */
  interrupted(): void;
}

/**
 * What remains to be done by an operator that stopped because of `busy`. `interruptible`: what remains is in its state, so that a barrier may pass
 * (due timers). `atomic`: it is not, the barrier waits (a half-pulled iterable).
 */
export type Pending = "none" | "interruptible" | "atomic";

export type SourceStatus = "more" | "waiting" | "finished";

/** What the task calls. Only `inputs` is required; a missing method means that there is nothing to do. */
export interface Operator {
  /** One per logical input, in order; empty for sources. */
  readonly inputs: readonly Input<never>[];
  /** An operator that may stop in the middle has this from its construction on. */
  readonly pending?: Pending;
  /** Goes on where it stopped, until done or `busy` again. Called only while `pending` is not `none`. */
  resume?(): void;
  /** Sources only: emits at most `recordsMax` records. `waiting`: nothing until `services.wake()`. */
  poll?(recordsMax: number): SourceStatus;
  /** The end of one input (index), after its last record and watermark. May leave pending work; may be called once per input. */
  endInput?(input: number): void;
  /** With a loop: false while something under way in it may still emit by itself. Calls `services.wake()` when that is over. Default: true. */
  readonly quiet?: boolean;
  /** With a loop: true while it holds so much that nothing new from outside is to come in. Calls `services.wake()` when that is over. Default: false. */
  readonly congested?: boolean;
  /** With a loop whose other inputs have ended: nothing is under way anywhere in it. True: now there is again, or will be. */
  onLoopQuiet?(): boolean;
  /** Sources only: stop emitting, for good. `drain`: the last watermark goes out first. */
  stop?(options: { readonly drain: boolean }): void;
  /** Before the barrier is forwarded. False: not yet ready (a flush is under way); the task asks again after `services.wake()`. */
  prepareBarrier?(checkpointId: number, options: { readonly savepoint: boolean }): boolean;
  /** Puts what is not kept there anyway into `services.operatorState`. Synchronous. Keyed state is saved by the task. */
  snapshot?(checkpointId: number): void;
  checkpointCompleted?(checkpointId: number): void;
  checkpointAborted?(checkpointId: number): void;
  /** False keeps the task running after its final checkpoint (commits under way); ends with `services.wake()`. Default: true. */
  readonly settled?: boolean;
  /** An event from the operator's coordinator on the master. */
  handleEvent?(event: unknown): void;
  /** The operator's current watermark, saved with its state; left out by operators that do not depend on time. */
  readonly watermarkMs?: TimeMs;
  /** What it has set aside, for the result of the job: asked once, when its task has finished. Default: nothing. */
  quarantined?(): QuarantineReport;
  /** Frees resources; called once in every case, also after failures. */
  close?(): void | Promise<void>;
}

/**
 * With a loop: room for records of the loop that have to wait, in order, and are too many for memory. What waits is saved with what is in flight, and comes through the loop's input again,
 * before all else, when it is restored.
 */
export interface PutOffQueues {
  open(): Backlog;
  /** It is empty, and no longer needed. */
  close(queue: Backlog): void;
}

/** Everything that an operator may use. */
export interface OperatorServices<O = never> {
  readonly output: Output<O>;
  /** Undefined: nobody reads that side output. */
  sideOutput(tagId: string): Output<unknown> | undefined;
  readonly availability: Availability;
  /** Only on keyed inputs; throws `MR3003` otherwise. */
  readonly keyedState: KeyedState;
  readonly operatorState: OperatorState;
  /** Timers of the current key. Due processing timers are fired by the task; event timers by the operator, in `processWatermark`. */
  timers(name: string, target: TimerTarget): InternalTimers;
  readonly putOff: PutOffQueues;
  /** False on a fresh start. */
  readonly restored: boolean;
  /** The watermark this operator had reached when it was saved: the minimum over the subtasks whose state it takes over. */
  readonly restoredWatermarkMs: TimeMs;
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  readonly config: Config;
  readonly clock: Clock;
  /** Runs `mail` in the task, between records. The only way from a callback into the operator. */
  execute(mail: () => void): void;
  /** Runs `mail` in the task once the time has passed; cancelled when the task ends. */
  schedule(delayMs: number, mail: () => void): Cancel;
  /** A source that said `waiting` has something again; a barrier or the end need not wait any longer. */
  wake(): void;
  /** To the operator's coordinator on the master, in order. Plain data. */
  sendEvent(event: unknown): void;
  /** A sentence for people, said with the names of job and operator: something is wrong, and the task goes on. */
  warn(sentence: string): void;
  /** Fails the task. For errors in callbacks; synchronous code throws. */
  fail(error: unknown): void;
}
