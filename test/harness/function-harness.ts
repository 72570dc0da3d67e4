/**
 * A bench for one process function: the function in its real operator, in an `OperatorHarness`, with the types of the function.
 *
 * In:    records, watermarks and time, handed in by a test. Out: what the function emitted, and its state by name and key.
 * State: none of its own; `task` is the bench below, with everything that is about the task rather than the function (backpressure, mails, failures).
 */
import type {
  CoProcessFunction,
  Instantiable,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  OutputTag,
  ProcessFunction,
} from "../../core/operators/contracts/functions.ts";
import type { NoState } from "../../core/api/declared-functions.ts";
import { createOperator as createCoProcess } from "../../core/operators/co-process.ts";
import { createOperator as createKeyedCoProcess } from "../../core/operators/keyed-co-process.ts";
import { createOperator as createKeyedProcess } from "../../core/operators/keyed-process.ts";
import type { Operator, OperatorServices } from "../../core/operators/operator.ts";
import { createOperator as createProcess } from "../../core/operators/process.ts";
import { UserFunctions } from "../../core/runtime/user-functions.ts";
import type { StateDeclarations, StateHandles } from "../../core/state/descriptors.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { HarnessMetrics } from "./harness-metrics.ts";
import type { HarnessSnapshot } from "./harness-state.ts";
import { harnessTask, OperatorHarness } from "./operator-harness.ts";
import type { HarnessOptions } from "./operator-harness.ts";

/** What may be said of the task around the function; everything may be left out. */
export type FunctionHarnessOptions = Pick<
  HarnessOptions,
  "restored" | "clock" | "config" | "subtaskIndex" | "parallelism" | "maxParallelism"
>;

type KeyOf = (value: never) => unknown;

/** What the four kinds of function differ in. */
interface Kind<F> {
  readonly create: (services: OperatorServices<never>, process: F) => Operator;
  /** One per input; none without keys. */
  readonly keyOf: readonly KeyOf[];
}

/**
 * Runs one process function as a task would, under a test's control. `I` lists the types of its inputs, `O` is what it emits, `S` the state it declares.
 *
 * Shape:  `values`, `records`, `watermarks` and `side(tag)` are what was emitted so far, until `clear`; `state(name, key)` is the handle that the function has.
 * Time:   stands still; `advance` moves processing time and fires its timers, `processWatermark` event time and its own.
 * State:  `snapshot` returns what a checkpoint would save; `restored` goes on from it, also at another parallelism: then `restored` lists the snapshots of all
 *         subtasks, and each new subtask is a harness of its own, with `subtaskIndex` and `parallelism`.
 * Errors: what the function throws comes out of the call that made it throw.
 * Source: Flink's `ProcessFunctionTestHarnesses`, `KeyedOneInputStreamOperatorTestHarness` and `KeyedTwoInputStreamOperatorTestHarness`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const harness = await FunctionHarness.keyedProcess(
 *   {
 *     state: { seen: value({ default: 0 }) },
 *     processElement(user: string, ctx, out: Collector<string>) {
 *       ctx.state.seen.update(ctx.state.seen.value() + 1);
 *       ctx.timers.registerEventTime(ctx.timestampMs + 1_000);
 *     },
 *     onTimer: (timeMs, ctx, out) => out.collect(`${ctx.key}: ${ctx.state.seen.value()}`),
 *   },
 *   (user: string) => user,
 * );
 * harness.processElement("ada", 100);
 * harness.processElement("ada", 200);
 * assert.equal(harness.state("seen", "ada").value(), 2);
 * harness.processWatermark(1_150);
 * assert.deepEqual(harness.records, [["ada: 2", 1_100]]);
 */
export class FunctionHarness<I extends readonly unknown[], O, S extends StateDeclarations = NoState> {
  /** The bench below: `log`, `makeRoom`, `failures`, `metrics` and more. */
  readonly task: OperatorHarness;
  /** What the function added up with `accumulate`, by name. */
  readonly accumulators: ReadonlyMap<string, number>;
  readonly #functions: UserFunctions;
  readonly #keyOf: readonly KeyOf[];

  /** @internal Made by the static methods, which await `open` before. */
  constructor(parts: HarnessParts) {
    this.task = parts.task;
    this.accumulators = parts.accumulators;
    this.#functions = parts.functions;
    this.#keyOf = parts.keyOf;
  }

  /** For a function on a stream without a key. Awaits its `open`. */
  static async process<T, O, S extends StateDeclarations = NoState>(
    fn: Instantiable<ProcessFunction<T, O, S>>,
    options: FunctionHarnessOptions = {},
  ): Promise<FunctionHarness<readonly [T], O, S>> {
    const create = (services: OperatorServices<O>, process: ProcessFunction<T, O>): Operator =>
      createProcess(services, { process });
    return new FunctionHarness(await opened(fn, { create, keyOf: [] }, options));
  }

  /** For a function on a keyed stream; `keyOf` is what `keyBy` gets. Awaits its `open`. */
  static async keyedProcess<K, T, O, S extends StateDeclarations = NoState>(
    fn: Instantiable<KeyedProcessFunction<K, T, O, S>>,
    keyOf: (value: T) => K,
    options: FunctionHarnessOptions = {},
  ): Promise<FunctionHarness<readonly [T], O, S>> {
    const create = (services: OperatorServices<O>, process: KeyedProcessFunction<K, T, O>): Operator =>
      createKeyedProcess(services, { process, keyOf });
    return new FunctionHarness(await opened(fn, { create, keyOf: [keyOf] }, options));
  }

  /** For a function on two connected streams without keys. Awaits its `open`. */
  static async coProcess<A, B, O, S extends StateDeclarations = NoState>(
    fn: Instantiable<CoProcessFunction<A, B, O, S>>,
    options: FunctionHarnessOptions = {},
  ): Promise<FunctionHarness<readonly [A, B], O, S>> {
    const create = (services: OperatorServices<O>, process: CoProcessFunction<A, B, O>): Operator =>
      createCoProcess(services, { process });
    return new FunctionHarness(await opened(fn, { create, keyOf: [] }, options));
  }

  /** For a function on two connected keyed streams, with the key of each. Awaits its `open`. */
  static async keyedCoProcess<K, A, B, O, S extends StateDeclarations = NoState>(
    fn: Instantiable<KeyedCoProcessFunction<K, A, B, O, S>>,
    keyOf: readonly [(value: A) => K, (value: B) => K],
    options: FunctionHarnessOptions = {},
  ): Promise<FunctionHarness<readonly [A, B], O, S>> {
    const [keyOf1, keyOf2] = keyOf;
    const create = (services: OperatorServices<O>, process: KeyedCoProcessFunction<K, A, B, O>): Operator =>
      createKeyedCoProcess(services, { process, keyOf1, keyOf2 });
    return new FunctionHarness(await opened(fn, { create, keyOf }, options));
  }

  /** The values on the main output. */
  get values(): readonly O[] {
    return this.task.values as O[]; // nothing else is emitted there
  }

  /** Value and timestamp, on the main output. */
  get records(): readonly (readonly [O, TimeMs])[] {
    return this.task.records as (readonly [O, TimeMs])[]; // nothing else is emitted there
  }

  /** The watermarks on the main output. */
  get watermarks(): readonly TimeMs[] {
    return this.task.watermarks;
  }

  /** The values on a side output. */
  side<T>(tag: OutputTag<T>): readonly T[] {
    return this.task.side(tag.id) as T[]; // the tag carries the type
  }

  /** Hands in a record of the only input, or of the first of two; without a time, it has none. */
  processElement(value: I[0], timestampMs?: TimeMs): void {
    this.#process(0, value, timestampMs);
  }

  /** Hands in a record of the first of two inputs: as `processElement`. */
  processElement1(value: I[0], timestampMs?: TimeMs): void {
    this.#process(0, value, timestampMs);
  }

  /** Hands in a record of the second input. */
  processElement2(value: I[1], timestampMs?: TimeMs): void {
    this.#process(1, value, timestampMs);
  }

  /** Hands in a watermark, on every input. */
  processWatermark(watermarkMs: TimeMs): void {
    for (const input of this.task.operator.inputs.keys()) this.task.processWatermark(watermarkMs, input);
  }

  /** Hands in a watermark on the first of two inputs; that of the function is the minimum of both. */
  processWatermark1(watermarkMs: TimeMs): void {
    this.task.processWatermark(watermarkMs, 0);
  }

  /** Hands in a watermark on the second input. */
  processWatermark2(watermarkMs: TimeMs): void {
    this.task.processWatermark(watermarkMs, 1);
  }

  /** Moves processing time on by `ms`, and fires the timers that fall due on the way, each at its own time. */
  advance(ms: number): void {
    this.task.advance(ms);
  }

  /**
   * The handle of a declared state, for one key; lists of operator state have none. Use it at once: the next record or timer has another key. What a test
   * writes to it is there for the function.
   */
  state<N extends keyof S & string>(name: N, key?: unknown): StateHandles<S>[N] {
    const list = this.task.operatorList(name);
    if (list === undefined) this.#requireOwn(key);
    const handle = list ?? this.task.state(name, key);
    return handle as StateHandles<S>[N]; // bound from the declaration of that name
  }

  /** How many timers are set, of all keys. */
  get timerCount(): { readonly event: number; readonly processing: number } {
    return this.task.timerCount;
  }

  /** Whether records of that key come to this subtask. */
  owns(key: unknown): boolean {
    return this.task.owns(key);
  }

  /** Forgets what was emitted so far. */
  clear(): void {
    this.task.clear();
  }

  /** What a checkpoint saves at this moment, as bytes: the harness can go on, and what it does then is not in it. */
  snapshot(checkpointId: number = 1): Promise<HarnessSnapshot> {
    return this.task.snapshot(checkpointId);
  }

  /** Ends the function, as at the end of a task: its `close` is awaited, and what it throws comes out here. */
  async close(): Promise<void> {
    await this.task.operator.close?.();
    const error = await this.#functions.close();
    if (error !== undefined) throw error; // oxlint-disable-line typescript/only-throw-error -- what the function has thrown
  }

  #process(input: number, value: unknown, timestampMs: TimeMs | undefined): void {
    const keyOf = this.#keyOf[input];
    if (keyOf !== undefined) this.#requireOwn(keyOf(value as never)); // the caller's type is that of the input
    this.task.processRecord(value, timestampMs, input);
  }

  /** A wrong key, such as undefined, is left to the state, which says what is wrong with it. */
  #requireOwn(key: unknown): void {
    const { subtaskIndex, parallelism } = this.task.info;
    if (parallelism === 1 || this.task.owns(key)) return;
    throw new Error(
      `the key ${JSON.stringify(key)} does not come to subtask ${subtaskIndex} of ${parallelism}: ask \`owns(key)\` to deal out records`,
    );
  }
}

interface HarnessParts {
  readonly task: OperatorHarness;
  readonly accumulators: ReadonlyMap<string, number>;
  readonly functions: UserFunctions;
  readonly keyOf: readonly KeyOf[];
}

/** The function is opened before its operator exists, as in a task. */
async function opened<F>(fn: unknown, kind: Kind<F>, options: FunctionHarnessOptions): Promise<HarnessParts> {
  const accumulators = new Map<string, number>();
  const metrics = new HarnessMetrics();
  const functions = new UserFunctions({ process: fn });
  await functions.open({
    task: harnessTask(options),
    metrics,
    accumulate: (name, amount) => {
      accumulators.set(name, (accumulators.get(name) ?? 0) + amount);
    },
  });
  const task = new OperatorHarness({
    ...options,
    metrics,
    keyed: kind.keyOf.length > 0,
    create: (services) => kind.create(services, functions.instances["process"] as F), // `fn`, instantiated
  });
  return { task, accumulators, functions, keyOf: kind.keyOf };
}
