/**
 * One turn: everything that a handler does for one message, kept back until the handler has returned, and then applied in one step, or dropped.
 *
 * In:    the message, and the calls of the handler through `TurnContext` and the state cells. Out: state writes, envelopes, egress records, delayed sends, async operations.
 * State: buffers that are empty between turns. A function's synchronous turns share one object; an async turn keeps the one in which it began for itself, since its handler holds on to
 *        it (`detached`), and nobody uses that object again.
 */
import { NO_TIMESTAMP } from "../../core/operators/operator.ts";
import type { Output } from "../../core/operators/operator.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { FunctionContext } from "../define/function-context.ts";
import type { Envelope } from "../envelope.ts";
import type { DelayedChange, DelayedSends } from "./delayed-sends.ts";
import type { CellTurn, StateCell } from "./state-cell.ts";

/** Something to be run outside of the turn, and how its result is to be delivered. */
export interface AsyncStart {
  readonly kind: string;
  readonly metadata: unknown;
  readonly run: () => Promise<unknown>;
}

/** What turns of one subtask share. */
export interface TurnWorld {
  readonly keyedState: KeyedState;
  readonly output: Output<Envelope>;
  readonly delayed: DelayedSends;
  readonly clock: { nowMs(): TimeMs };
  readonly watermarkMs: TimeMs;
  /** From a checkpoint, in which key groups may have been further ahead. */
  readonly isRestored: boolean;
  /** Undefined: nobody reads it. Errors: `MR9024` there is no such egress. */
  egress(name: TypeName): Output<unknown> | undefined;
  /** Registers it at the current key, and begins it. */
  startAsync(fn: TurnFunction, start: AsyncStart): void;
}

/** What all turns of one function share. */
export interface TurnFunction {
  readonly type: TypeName;
  /** Counts of messages out, to functions and to egresses. */
  readonly out: { count: number };
  readonly outEgress: { count: number };
  asyncOperations: number;
}

interface EgressRecord {
  /** Undefined: nobody reads it. */
  readonly output: Output<unknown> | undefined;
  readonly value: unknown;
}

export const NO_ENVELOPE: Envelope = { to: "/", id: "", from: "", fromId: "", kind: "", value: undefined };

export class Turn implements CellTurn {
  active = false;
  detached = false;
  envelope: Envelope = NO_ENVELOPE;
  timestampMs: TimeMs = NO_TIMESTAMP;
  readonly world: TurnWorld;
  readonly fn: TurnFunction;
  /** What the handler gets; made by whoever makes the turn. */
  readonly context: FunctionContext;
  readonly #sends: Envelope[] = [];
  #sendCount = 0;
  readonly #changed: StateCell[] = [];
  #changedCount = 0;
  #egress: EgressRecord[] | undefined = undefined;
  /** By token; the latest decision comes last. */
  #delayed: Map<string, DelayedChange> | undefined = undefined;
  #starts: AsyncStart[] | undefined = undefined;

  constructor(fn: TurnFunction, world: TurnWorld, makeContext: (turn: Turn) => FunctionContext) {
    this.fn = fn;
    this.world = world;
    this.context = makeContext(this);
  }

  /** Hot. */
  begin(envelope: Envelope, timestampMs: TimeMs): void {
    this.envelope = envelope;
    this.timestampMs = timestampMs;
    this.active = true;
  }

  refuse(): never {
    const sentence = `a context of ${this.fn.type} was used after its turn: await what uses it, or send a message and go on in another turn`;
    throw new MillraceError("MR9020", sentence, { retryable: false });
  }

  select(): void {
    this.world.keyedState.setCurrentKey(this.envelope.id);
  }

  changed(cell: StateCell): void {
    this.#changed[this.#changedCount] = cell;
    this.#changedCount += 1;
  }

  /** Hot. */
  send(envelope: Envelope): void {
    this.#sends[this.#sendCount] = envelope;
    this.#sendCount += 1;
  }

  sendToEgress(name: TypeName, value: unknown): void {
    const output = this.world.egress(name);
    (this.#egress ??= []).push({ output, value });
  }

  startAsync(start: AsyncStart): void {
    (this.#starts ??= []).push(start);
  }

  isWaiting(token: string): boolean {
    const change = this.#delayed?.get(token);
    if (change !== undefined) return change !== "cancel";
    this.select();
    return this.world.delayed.isWaiting(this.fn.type, token);
  }

  /** Whether this turn, which is not yet over, has taken back that message, be it to send another one under its token. */
  hasCancelled(token: string): boolean {
    return this.#delayed?.has(token) === true;
  }

  changeDelayed(token: string, change: DelayedChange): void {
    const delayed = (this.#delayed ??= new Map());
    delayed.delete(token); // so that it comes last
    delayed.set(token, change);
  }

  /** Hot. The key is set if the function has state. What throws in here is no fault of the handler and fails the task. */
  apply(): void {
    const { output } = this.world;
    const { timestampMs } = this;
    this.active = false;
    for (let index = 0; index < this.#changedCount; index += 1) this.#changed[index]?.apply();
    this.#changedCount = 0;
    const count = this.#sendCount;
    if (count > 0) {
      this.#sendCount = 0;
      this.fn.out.count += count;
      for (let index = 0; index < count; index += 1) {
        const envelope = this.#sends[index] ?? NO_ENVELOPE;
        this.#sends[index] = NO_ENVELOPE; // keeps nothing alive
        output.processRecord(envelope, timestampMs);
      }
    }
    if (this.#egress !== undefined) this.#applyEgress(this.#egress);
    if (this.#delayed !== undefined) this.#applyDelayed(this.#delayed);
    if (this.#starts !== undefined) this.#applyStarts(this.#starts);
  }

  /** The handler threw: nothing of it happens. */
  drop(): void {
    this.active = false;
    for (let index = 0; index < this.#changedCount; index += 1) this.#changed[index]?.discard();
    this.#changedCount = 0;
    for (let index = 0; index < this.#sendCount; index += 1) this.#sends[index] = NO_ENVELOPE;
    this.#sendCount = 0;
    this.#egress = undefined;
    this.#delayed = undefined;
    this.#starts = undefined;
  }

  #applyEgress(records: readonly EgressRecord[]): void {
    this.#egress = undefined;
    this.fn.outEgress.count += records.length;
    for (const { output, value } of records) output?.processRecord(value, this.timestampMs);
  }

  #applyDelayed(changes: ReadonlyMap<string, DelayedChange>): void {
    const { delayed, keyedState, watermarkMs } = this.world;
    this.#delayed = undefined;
    this.select();
    const reachedMs = Math.max(watermarkMs, keyedState.restoredWatermarkMs()); // as the handler has seen it
    for (const [token, change] of changes) delayed.apply(this.fn.type, token, change, reachedMs);
  }

  #applyStarts(starts: readonly AsyncStart[]): void {
    this.#starts = undefined;
    this.select();
    for (const start of starts) this.world.startAsync(this.fn, start);
  }
}
