/**
 * A bench for the function group: it plays the engine with a loop. What subtasks emit on their main output comes back at input 1 of the subtask that owns the id, in the order of each channel.
 *
 * In:  messages from outside, watermarks, the course of time, crashes; all called by the test. `choose` decides which channel goes next.
 * Out: what arrived at the egresses, in order; warnings and failures.
 *
 * A snapshot has the state of every subtask and what stands in the channels, both through bytes; `restored` begins from one, also with another parallelism.
 */
import { subtaskOfKeyGroup } from "../../../core/state/key-groups.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import { decodeValue, encodeValue } from "../../../core/types/value-codec.ts";
import type { TypeName } from "../../../statefun/address.ts";
import type { Envelope } from "../../../statefun/envelope.ts";
import { createFunctionGroup } from "../../../statefun/group/function-group.ts";
import type { FunctionGroupOptions } from "../../../statefun/group/function-group.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

const MAX_PARALLELISM = 16;

export interface LoopSnapshot {
  readonly subtasks: readonly HarnessSnapshot[];
  readonly loop: readonly (readonly [Envelope, number])[];
}

export interface LoopHarnessOptions extends Partial<FunctionGroupOptions> {
  readonly parallelism?: number;
  /** Key groups. Default: 16. */
  readonly maxParallelism?: number;
  readonly restored?: LoopSnapshot;
  readonly clock?: ManualClock;
  /** Which of `count` channels with messages is next. Default: the first. */
  readonly choose?: (count: number) => number;
}

export class LoopHarness {
  readonly clock: ManualClock;
  readonly subtasks: readonly OperatorHarness[];
  /** Egress name and value, in order of emission per subtask. */
  readonly egress: (readonly [string, unknown])[] = [];
  readonly #choose: (count: number) => number;
  readonly #maxParallelism: number;
  /** By sender and receiver; what a snapshot has brought comes first. */
  readonly #channels = new Map<string, { readonly to: number; readonly queue: (readonly [Envelope, number])[] }>();

  constructor(options: LoopHarnessOptions) {
    const parallelism = options.parallelism ?? 1;
    this.#maxParallelism = options.maxParallelism ?? MAX_PARALLELISM;
    this.clock = options.clock ?? new ManualClock(1_000_000);
    this.#choose = options.choose ?? (() => 0);
    const create = createFunctionGroup({
      functions: [],
      namespaces: [],
      egresses: new Set(["test/out"]),
      onEndOfInput: "fire",
      ...options,
    });
    for (const [envelope, timestampMs] of options.restored?.loop ?? []) {
      const to = this.#owner(envelope.id, parallelism);
      this.#channel(-1, to).push([envelope, timestampMs]);
    }
    this.subtasks = Array.from(
      { length: parallelism },
      (_, subtaskIndex) =>
        new OperatorHarness({
          create,
          keyed: true,
          clock: this.clock,
          subtaskIndex,
          parallelism,
          maxParallelism: this.#maxParallelism,
          ...(options.restored === undefined ? {} : { restored: options.restored.subtasks }),
        }),
    );
    this.#collect();
  }

  /** How many messages are on their way. */
  get inLoop(): number {
    return [...this.#channels.values()].reduce((sum, { queue }) => sum + queue.length, 0);
  }

  /** What arrived at one egress. */
  out(name = "test/out"): unknown[] {
    return this.egress.flatMap(([egress, value]) => (egress === name ? [value] : []));
  }

  get failures(): unknown[] {
    return this.subtasks.flatMap((subtask) => subtask.failures);
  }

  get warnings(): string[] {
    return this.subtasks.flatMap((subtask) => subtask.warnings);
  }

  /** A message from outside. */
  send(to: TypeName, id: string, kind: string, value: unknown): void {
    this.sendEnvelope({ to, id, from: "", fromId: "", kind, value });
  }

  sendEnvelope(envelope: Envelope, timestampMs: number = -Infinity): void {
    this.#subtaskOf(envelope.id).processRecord(envelope, timestampMs, 0);
    this.#collect();
  }

  /** One message of the loop; false if there is none. */
  step(): boolean {
    const waiting = [...this.#channels].filter(([, { queue }]) => queue.length > 0);
    // As in the engine, what a subtask took over comes before anything that it is sent.
    const takenOver = new Set(waiting.filter(([name]) => name.startsWith("-1>")).map(([, { to }]) => to));
    const ready = waiting
      .filter(([name, { to }]) => name.startsWith("-1>") || !takenOver.has(to))
      .map(([, channel]) => channel);
    const next = ready[this.#choose(ready.length)];
    const message = next?.queue.shift();
    if (next === undefined || message === undefined) return false;
    this.subtasks[next.to]?.processRecord(message[0], message[1], 1);
    this.#collect();
    return true;
  }

  /** Until the loop is empty. */
  run(stepsMax = 100_000): void {
    for (let steps = 0; this.step(); steps += 1)
      if (steps > stepsMax) throw new Error(`the loop is not empty after ${stepsMax} steps`);
  }

  /** Lets promises settle, and runs what they send. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      for (const subtask of this.subtasks) await subtask.settle();
      this.#collect();
      this.run();
    }
  }

  advance(ms: number): void {
    this.clock.advance(ms);
    for (const subtask of this.subtasks) subtask.run();
    this.#collect();
  }

  watermark(watermarkMs: number): void {
    for (const subtask of this.subtasks) subtask.processWatermark(watermarkMs, 0);
    this.#collect();
  }

  /** As the engine ends a bounded job: the last watermark, the end of the ingress, then the loop, until nobody has anything left. False: something is not quiet. */
  finish(): boolean {
    this.watermark(Infinity);
    for (const subtask of this.subtasks) subtask.endInput(0);
    for (;;) {
      this.run();
      if (this.subtasks.some(({ operator }) => operator.quiet === false)) return false;
      let more = false;
      for (const subtask of this.subtasks) {
        more = (subtask.operator.onLoopQuiet?.() ?? false) || more;
        subtask.run();
      }
      this.#collect();
      if (!more && this.inLoop === 0) break;
    }
    for (const subtask of this.subtasks) subtask.endInput(1);
    return true;
  }

  snapshot(checkpointId = 1): LoopSnapshot {
    const subtasks = this.subtasks.map((subtask) => {
      const saved = subtask.trySnapshot(checkpointId);
      if (saved === undefined) throw new Error("no barrier may pass");
      return saved;
    });
    // What was put off is older than what is on its way.
    const putOff = this.subtasks.flatMap((subtask) => subtask.putOff);
    const loop = [...putOff, ...[...this.#channels.values()].flatMap(({ queue }) => queue)];
    return { subtasks, loop: decodeValue(encodeValue(loop)) as LoopSnapshot["loop"] };
  }

  /** The attempt is over: what it does from now on is nobody's business. */
  crash(): void {
    for (const subtask of this.subtasks) void subtask.operator.close?.();
  }

  /** A counter or gauge of one function, summed over subtasks. */
  metric(type: TypeName, name: string): number {
    const [namespace = "", own = ""] = type.split("/");
    return this.subtasks
      .map(({ metrics }) => Number(metrics.group("functions").group(namespace).group(own).read(name) ?? 0))
      .reduce((sum, count) => sum + count, 0);
  }

  #owner(id: string, parallelism: number = this.subtasks.length): number {
    return subtaskOfKeyGroup(this.#maxParallelism, parallelism, keyGroupOf(id, this.#maxParallelism));
  }

  #subtaskOf(id: string): OperatorHarness {
    const subtask = this.subtasks[this.#owner(id)];
    if (subtask === undefined) throw new Error("no such subtask");
    return subtask;
  }

  #channel(from: number, to: number): (readonly [Envelope, number])[] {
    const name = `${from}>${to}`;
    const channel = this.#channels.get(name) ?? { to, queue: [] };
    this.#channels.set(name, channel);
    return channel.queue;
  }

  /** Takes what was emitted out of the logs and puts it in the channels. */
  #collect(): void {
    for (const [from, subtask] of this.subtasks.entries()) {
      for (const entry of subtask.log) {
        if (entry.kind === "record") {
          const envelope = entry.value as Envelope;
          this.#channel(from, this.#owner(envelope.id)).push([envelope, entry.timestampMs]);
        } else if (entry.kind === "side") {
          this.egress.push([entry.tag, entry.value]);
        }
      }
      subtask.clear();
    }
  }
}
