/**
 * A bench for one operator (or one hand-made chain): it plays the task, with a manual clock, recording outputs and availability under control.
 *
 * In:  records, watermarks, polls, barriers, the course of time; all called by the test.
 * Out: `log`, in the order of emission; `events`, `failures`, `warnings` and `wakes`.
 *
 * As the task does, it runs mails and pending work (`resume`) whenever nothing blocks, fires due processing timers, and takes a snapshot only
 * where a barrier may pass. `makeRoom(n)` lets the output accept n more records and block then.
 */
import type { TaskInfo } from "../../core/operators/contracts/functions.ts";
import type { Operator, OperatorServices, SourceStatus } from "../../core/operators/operator.ts";
import { Backlog } from "../../core/network/backlog.ts";
import { forEachInFlight } from "../../core/network/in-flight.ts";
import { SpillSpace } from "../../core/network/spill-space.ts";
import { PutOffRecords } from "../../core/runtime/put-off-records.ts";
import { createHeapKeyedState } from "../../core/state/heap/backend.ts";
import { keyGroupRange, subtaskOfKeyGroup } from "../../core/state/key-groups.ts";
import type { OperatorListState } from "../../core/state/handles.ts";
import type { KeyedStateBackend } from "../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../core/state/timers.ts";
import { MemoryScratch } from "../../core/storage/memory-scratch.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { keyGroupOf } from "../../core/types/key-hash.ts";
import { Config } from "../../core/util/config.ts";
import type { ConfigValues } from "../../core/util/config.ts";
import { MillraceError } from "../../core/util/errors.ts";
import { BoundState } from "./bound-state.ts";
import { MemoryOperatorState, snapshotKeyed } from "./harness-state.ts";
import type { HarnessSnapshot } from "./harness-state.ts";
import { ManualClock } from "./manual-clock.ts";
import { HarnessMetrics } from "./harness-metrics.ts";
import { HarnessAvailability, RecordingOutput } from "./recording-output.ts";
import type { Recorded } from "./recording-output.ts";

export interface HarnessOptions {
  /** Makes the operator under test, as for `transform`; called once. */
  readonly create: (services: OperatorServices<never>) => Operator;
  /** The operator's inputs are keyed: it gets the heap backend with the key groups of its subtask. Default: false. */
  readonly keyed?: boolean;
  /** Another backend than that; implies `keyed`. */
  readonly keyedState?: (clock: ManualClock) => KeyedStateBackend;
  /** What the subtasks of an earlier run saved; left out: a fresh start. */
  readonly restored?: readonly HarnessSnapshot[];
  readonly clock?: ManualClock;
  readonly config?: ConfigValues;
  readonly subtaskIndex?: number;
  readonly parallelism?: number;
  /** Key groups, as the job has them. Default: 128. */
  readonly maxParallelism?: number;
  /** Metrics that somebody has used before the operator exists. Default: its own. */
  readonly metrics?: HarnessMetrics;
  /** Side outputs that somebody reads. Default: all. */
  readonly sideOutputs?: readonly string[];
}

interface Share {
  readonly index: number;
  readonly parallelism: number;
}

const MAX_PARALLELISM = 128;

/** Who the operator under test is, as its functions see it. */
export function harnessTask(options: Omit<HarnessOptions, "create">): TaskInfo {
  return {
    jobName: "harness",
    jobId: "harness",
    name: "operator",
    subtaskIndex: options.subtaskIndex ?? 0,
    parallelism: options.parallelism ?? 1,
    maxParallelism: options.maxParallelism ?? MAX_PARALLELISM,
    attempt: options.restored === undefined ? 0 : 1,
    masterToken: 1,
  };
}

/**
 * Runs one operator as a task would, under a test's control: the test hands in records, watermarks and time, and reads what came out.
 *
 * Shape:  `values`, `records`, `watermarks` and `side(tag)` are what was emitted so far; `log` holds all of it, in order.
 * Time:   stands still; `advance` moves it and fires processing timers.
 * State:  `snapshot` returns what a checkpoint would save; hand it to another harness as `restored` to go on from it.
 * Errors: what the operator throws comes out of the call that made it throw; what it reports with `fail` is in `failures`. `MR3003` it asks for keyed
 *         state, and `keyed` is not set.
 * Source: Flink's `AbstractStreamOperatorTestHarness`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const harness = new OperatorHarness({
 *   create: ({ output }: OperatorServices<number>) => ({
 *     inputs: [
 *       {
 *         processRecord: (n: number, timestampMs) => output.processRecord(n * 2, timestampMs),
 *         processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
 *         processIdle: (idle) => output.processIdle(idle),
 *       },
 *     ],
 *   }),
 * });
 * harness.processRecord(4, 1_000);
 * harness.processWatermark(2_000);
 * assert.deepEqual(harness.records, [[8, 1_000]]);
 * assert.deepEqual(harness.watermarks, [2_000]);
 */
export class OperatorHarness {
  readonly clock: ManualClock;
  readonly availability: HarnessAvailability = new HarnessAvailability();
  readonly metrics: HarnessMetrics;
  readonly log: Recorded[] = [];
  readonly events: unknown[] = [];
  readonly failures: unknown[] = [];
  readonly warnings: string[] = [];
  readonly operator: Operator;
  readonly keyed: KeyedStateBackend | undefined;
  /** Who the operator is, as its functions see it. */
  readonly info: TaskInfo;
  /** How often the operator called `wake`. */
  wakes = 0;
  readonly #output: RecordingOutput;
  readonly #operatorState: MemoryOperatorState;
  readonly #putOff: PutOffRecords;
  readonly #mails: (() => void)[] = [];
  #onMail: () => void = () => undefined;
  readonly #timers: InternalTimers[] = [];
  readonly #bound: BoundState | undefined;

  constructor(options: HarnessOptions) {
    this.metrics = options.metrics ?? new HarnessMetrics();
    this.clock = options.clock ?? new ManualClock();
    this.#output = new RecordingOutput(this.log, this.availability);
    this.info = harnessTask(options);
    const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: Infinity });
    this.#putOff = new PutOffRecords(0, () => new Backlog(space));
    const share: Share = { index: this.info.subtaskIndex, parallelism: this.info.parallelism };
    this.#operatorState = new MemoryOperatorState(options.restored ?? [], share);
    this.keyed =
      options.keyedState?.(this.clock) ?? (options.keyed === true ? heapState(this.clock, this.info) : undefined);
    const files = (options.restored ?? []).flatMap((snapshot) => snapshot.keyed ?? []);
    if (files.length > 0) this.keyed?.restore(files, { owned: false });
    this.#bound = this.keyed === undefined ? undefined : new BoundState(this.keyed);
    this.operator = options.create(this.#services(options, share));
    this.run();
  }

  /** The values on the main output. */
  get values(): unknown[] {
    return this.log.flatMap((entry) => (entry.kind === "record" ? [entry.value] : []));
  }

  /** Value and timestamp, on the main output. */
  get records(): (readonly [unknown, TimeMs])[] {
    return this.log.flatMap((entry) => (entry.kind === "record" ? [[entry.value, entry.timestampMs] as const] : []));
  }

  /** The watermarks on the main output. */
  get watermarks(): TimeMs[] {
    return this.log.flatMap((entry) => (entry.kind === "watermark" ? [entry.watermarkMs] : []));
  }

  /** The values on a side output, by the id of its tag. */
  side(tag: string): unknown[] {
    return this.log.flatMap((entry) => (entry.kind === "side" && entry.tag === tag ? [entry.value] : []));
  }

  /**
   * The handle of a keyed state, by the name under which it was declared, for one key. Use it at once: the next record or timer has another key.
   * The type is that of the declaration, which the harness of an operator does not know; that of a function does.
   */
  state(name: string, key: unknown): unknown {
    if (this.#bound === undefined) throw new MillraceError("MR3003", "this operator has no keyed input");
    return this.#bound.handle(name, key);
  }

  /** The list of operator state with that name; undefined if there is none. */
  operatorList(name: string): OperatorListState<unknown> | undefined {
    return this.#operatorState.known(name);
  }

  /** How many timers are set, of all keys. */
  get timerCount(): { readonly event: number; readonly processing: number } {
    const counts = this.#timers.map((timers) => timers.count());
    return {
      event: counts.reduce((sum, { event }) => sum + event, 0),
      processing: counts.reduce((sum, { processing }) => sum + processing, 0),
    };
  }

  /** Whether records of that key come to this subtask: after a restore with another parallelism, only a part does. */
  owns(key: unknown): boolean {
    const { subtaskIndex, parallelism, maxParallelism } = this.info;
    return subtaskOfKeyGroup(maxParallelism, parallelism, keyGroupOf(key, maxParallelism)) === subtaskIndex;
  }

  /** Forgets what was emitted so far, so that what follows can be read on its own. */
  clear(): void {
    this.log.length = 0;
  }

  /** Hands in a record; left out, it has no timestamp. */
  processRecord(value: unknown, timestampMs: TimeMs = -Infinity, input: number = 0): void {
    this.#input(input).processRecord(value as never, timestampMs); // the test knows the type
    this.run();
  }

  /** Hands in a watermark, which fires event timers up to it. */
  processWatermark(watermarkMs: TimeMs, input = 0): void {
    this.#input(input).processWatermark(watermarkMs);
    this.run();
  }

  /** Says that an input has fallen idle, or is active again. */
  processIdle(idle: boolean, input = 0): void {
    this.#input(input).processIdle(idle);
    this.run();
  }

  /** Ends an input, as after its last record and watermark. */
  endInput(input = 0): void {
    this.operator.endInput?.(input);
    this.run();
  }

  /** Lets a source emit at most `recordsMax` records. Undefined: the task would not poll now, since something is in the way. */
  poll(recordsMax: number): SourceStatus | undefined {
    this.run();
    if (this.availability.busy || (this.operator.pending ?? "none") !== "none") return undefined;
    const status = this.operator.poll?.(recordsMax);
    this.run();
    return status;
  }

  /** Hands in an event from the operator's coordinator. */
  handleEvent(event: unknown): void {
    this.operator.handleEvent?.(event);
    this.run();
  }

  /** The output takes `records` more and blocks then; 0 blocks at once. */
  makeRoom(records: number = Infinity): void {
    this.#output.makeRoom(records);
    this.run();
  }

  /** Moves the clock on by `ms`, and fires processing timers that fall due. */
  advance(ms: number): void {
    this.clock.advance(ms);
    this.run();
  }

  /** Mails first, then pending work and due timers, until nothing is left or something blocks. */
  run(): void {
    for (;;) {
      for (let mail = this.#mails.shift(); mail !== undefined; mail = this.#mails.shift()) mail();
      this.availability.clearInterruption();
      if (this.availability.blocked) return;
      if ((this.operator.pending ?? "none") !== "none") this.operator.resume?.();
      else if (!this.#fireProcessingTimers() && this.#mails.length === 0) return;
    }
  }

  /** Lets promises settle, with the mails that they send. */
  async settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.run();
    }
  }

  /** Settles once there is a mail to run, such as that of a promise that has settled. Asked for by one at a time. */
  mailed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onMail = resolve;
      if (this.#mails.length > 0) resolve();
    });
  }

  /** What the task saves at a barrier; undefined while none may pass. */
  trySnapshot(
    checkpointId: number,
    options: { readonly savepoint: boolean } = { savepoint: false },
  ): HarnessSnapshot | undefined {
    if (this.operator.pending === "atomic") return undefined;
    if (this.operator.prepareBarrier?.(checkpointId, options) === false) return undefined;
    this.operator.snapshot?.(checkpointId);
    const watermarkMs = this.operator.watermarkMs ?? -Infinity;
    const keyed = this.keyed === undefined ? undefined : snapshotKeyed(this.keyed, checkpointId, watermarkMs);
    return { lists: this.#operatorState.snapshot(), keyed, watermarkMs };
  }

  /** As {@link trySnapshot}, waiting for what is under way. */
  async snapshot(checkpointId: number): Promise<HarnessSnapshot> {
    for (let round = 0; round < 100; round++) {
      const snapshot = this.trySnapshot(checkpointId);
      if (snapshot !== undefined) return snapshot;
      await this.settle();
    }
    throw new Error(`no barrier could pass for checkpoint ${checkpointId}`);
  }

  #input(input: number): NonNullable<Operator["inputs"][number]> {
    const found = this.operator.inputs[input];
    if (found === undefined) throw new Error(`the operator has no input ${input}`);
    return found;
  }

  #fireProcessingTimers(): boolean {
    const nowMs = this.clock.nowMs();
    const due = this.#timers.filter((timers) => timers.earliestProcessingMs() <= nowMs);
    for (const timers of due) {
      if (!timers.fireProcessing(nowMs, this.availability)) break;
      this.#runAt(timers.earliestProcessingMs());
    }
    return due.length > 0;
  }

  /** What the operator has put off, as a checkpoint would save it beside its state. */
  get putOff(): readonly (readonly [unknown, TimeMs])[] {
    const records: (readonly [unknown, TimeMs])[] = [];
    for (const { edge, backlog } of this.#putOff.waiting()) {
      const frames = [...backlog.framesFrom(backlog.start)].map((frame) => backlog.space.read(frame));
      forEachInFlight([{ edge, frames }], (value, timestampMs) => records.push([value, timestampMs]));
    }
    return records;
  }

  #runAt(timeMs: TimeMs): void {
    if (timeMs < Infinity) this.clock.schedule(timeMs - this.clock.nowMs(), () => this.run());
  }

  #services(options: HarnessOptions, share: Share): OperatorServices<never> {
    const { keyed } = this;
    const restored = takenOver(options.restored ?? [], share);
    return {
      output: this.#output,
      sideOutput: (tag) => (options.sideOutputs?.includes(tag) === false ? undefined : this.#output.side(tag)),
      availability: this.availability,
      get keyedState(): KeyedStateBackend {
        if (keyed === undefined) throw new MillraceError("MR3003", "this operator has no keyed input");
        return keyed;
      },
      operatorState: this.#operatorState,
      timers: (name, target) => {
        if (keyed === undefined) throw new MillraceError("MR3003", "this operator has no keyed input");
        const timers = keyed.timers(name, target);
        timers.onEarlierProcessing((timeMs) => this.#runAt(timeMs));
        this.#runAt(timers.earliestProcessingMs());
        this.#timers.push(timers);
        return timers;
      },
      putOff: this.#putOff,
      restored: options.restored !== undefined,
      restoredWatermarkMs:
        restored.length === 0 ? -Infinity : Math.min(...restored.map((snapshot) => snapshot.watermarkMs)),
      task: this.info,
      metrics: this.metrics,
      config: new Config(options.config ?? {}),
      clock: this.clock,
      execute: (mail) => {
        this.#mails.push(mail);
        this.#onMail();
      },
      schedule: (delayMs, mail) =>
        this.clock.schedule(delayMs, () => {
          this.#mails.push(mail);
          this.run();
        }),
      wake: () => {
        this.wakes++;
      },
      sendEvent: (event) => {
        this.events.push(structuredClone(event));
      },
      warn: (sentence) => {
        this.warnings.push(sentence);
      },
      fail: (error) => {
        this.failures.push(error);
      },
    };
  }
}

/** Whose state a subtask goes on from: its own, or after a rescale a part of everybody's. */
function takenOver(restored: readonly HarnessSnapshot[], share: Share): readonly HarnessSnapshot[] {
  return restored.length === share.parallelism ? restored.slice(share.index, share.index + 1) : restored;
}

function heapState(clock: ManualClock, { subtaskIndex, parallelism, maxParallelism }: TaskInfo): KeyedStateBackend {
  const keyGroups = keyGroupRange(maxParallelism, parallelism, subtaskIndex);
  return createHeapKeyedState({ keyGroups, maxParallelism, clock, operatorName: "operator" });
}
