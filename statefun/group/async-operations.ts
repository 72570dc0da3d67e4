/**
 * Durable async operations: what `ctx.async` has begun, until its result has been delivered.
 *
 * In:    operations of applied turns. Out: an `AsyncResult` per operation, as a message of its kind to the address that began it.
 * State: every operation is registered in keyed state by the turn that begins it, and taken out in the step in which its result becomes a turn or stands in a mailbox; so a checkpoint
 *        has either the registration or the result. What a restore finds registered is delivered as `unknown`, once. Only so many run at a time; the rest waits its turn in memory, however many there are: a turn
 *        that has begun one is applied, and holding its address back would hold back whatever else comes for it. What bounds them is that nothing new comes in from outside meanwhile.
 */
import { map } from "../../core/state/descriptors.ts";
import type { MapState } from "../../core/state/handles.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../core/state/timers.ts";
import type { OperatorServices } from "../../core/operators/operator.ts";
import { Deque } from "../../core/util/deque.ts";
import { asError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { AsyncResult } from "../define/function-context.ts";
import type { Envelope } from "../envelope.ts";
import { copyMessage, copyValue } from "./copy-value.ts";
import type { ParkedAddress } from "./mailboxes.ts";
import type { AsyncStart, TurnFunction } from "./turn.ts";

/** As it is saved. */
interface Registered {
  readonly kind: string;
  readonly metadata: unknown;
}

interface Operation extends Registered {
  readonly fn: TurnFunction;
  readonly id: string;
  readonly number: number;
  readonly run: () => Promise<unknown>;
}

export type AnyResult = AsyncResult<unknown, unknown>;

export interface AsyncOperationsOptions {
  readonly services: OperatorServices<Envelope>;
  /** How many run at a time. */
  readonly operationsMax: number;
  /** The result becomes a message. The key is set. */
  deliver(envelope: Envelope): void;
  /** Fewer run than before. */
  onLess(): void;
}

const MARK_MS = 0;

export class AsyncOperations {
  readonly #options: AsyncOperationsOptions;
  readonly #keyed: KeyedState;
  readonly #registered: MapState<number, Registered>;
  readonly #marks: InternalTimers;
  readonly #waiting = new Deque<Operation>();
  #running = 0;
  /** Restored ones that were not delivered yet. */
  #unknown = 0;
  #lastNumber = 0;
  #closed = false;
  #found: ParkedAddress[] = [];

  constructor(options: AsyncOperationsOptions) {
    const { services } = options;
    const { keyedState } = services;
    this.#options = options;
    this.#keyed = keyedState;
    this.#registered = keyedState.map("async-operations", map<number, Registered>(), { namespaced: true });
    this.#marks = services.timers("async-operations", {
      onEventTimer: (_timeMs, namespace) => {
        this.#found.push({ id: String(keyedState.getCurrentKey()), type: namespace as TypeName }); // as `start` has registered it
      },
      onProcessingTimer: () => undefined,
    });
    services.metrics.gauge("inflightAsyncOps", () => this.underWay);
  }

  /** Begun, waiting to begin, or not yet delivered. */
  get underWay(): number {
    return this.#running + this.#waiting.length + this.#unknown;
  }

  /** No more may be begun. */
  get full(): boolean {
    return this.#running + this.#waiting.length >= this.#options.operationsMax;
  }

  /** Registers an operation of the address whose turn is applied, the current key. */
  start(fn: TurnFunction, id: string, { kind, metadata, run }: AsyncStart): void {
    this.#keyed.setCurrentNamespace(fn.type);
    do this.#lastNumber += 1;
    while (this.#registered.has(this.#lastNumber));
    const number = this.#lastNumber;
    this.#registered.put(number, { kind, metadata });
    this.#marks.registerEvent(fn.type, MARK_MS);
    fn.asyncOperations += 1;
    const operation: Operation = { fn, id, number, kind, metadata, run };
    if (this.#running < this.#options.operationsMax) this.#begin(operation);
    else this.#waiting.push(operation);
  }

  /** What was registered and not delivered when this state was saved. Found at once, delivered with mails. */
  restore(functionOf: (type: TypeName) => TurnFunction | undefined): void {
    this.#marks.fireEvent(Infinity, { busy: false });
    const found = this.#found;
    this.#found = [];
    for (const { id, type } of found) {
      this.#keyed.setCurrentKey(id);
      this.#marks.registerEvent(type, MARK_MS);
      this.#keyed.setCurrentNamespace(type);
      const fn = functionOf(type);
      for (const [number, { kind, metadata }] of [...this.#registered.entries()]) {
        this.#unknown += 1;
        if (fn !== undefined) fn.asyncOperations += 1;
        this.#options.services.execute(() => this.#deliverUnknown({ id, type, number, kind, metadata }, fn));
      }
    }
  }

  /** Whatever is still under way is nobody's business any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  #begin(operation: Operation): void {
    this.#running += 1;
    const { services } = this.#options;
    const finish = (result: () => AnyResult): void => services.execute(() => this.#finish(operation, result));
    const { metadata } = operation;
    const succeed = (value: unknown): void => finish(() => success(metadata, value));
    const fail = (error: unknown): void => finish(() => failure(metadata, error));
    try {
      Promise.resolve(operation.run()).then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  }

  #finish({ fn, id, number, kind }: Operation, result: () => AnyResult): void {
    if (this.#closed) return;
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next);
    fn.asyncOperations -= 1;
    this.#deliver({ id, type: fn.type, number, kind }, result());
    this.#options.onLess();
  }

  #deliverUnknown(
    { metadata, ...about }: ParkedAddress & Registered & { readonly number: number },
    fn: TurnFunction | undefined,
  ): void {
    if (this.#closed) return;
    this.#unknown -= 1;
    if (fn !== undefined) fn.asyncOperations -= 1;
    this.#deliver(about, { status: "unknown", metadata: copyValue(metadata) });
    this.#options.onLess();
  }

  /** The registration goes in the step in which the result arrives. */
  #deliver(about: ParkedAddress & { readonly number: number; readonly kind: string }, result: AnyResult): void {
    const { id, type, number, kind } = about;
    this.#keyed.setCurrentKey(id);
    this.#keyed.setCurrentNamespace(type);
    this.#registered.remove(number);
    if (this.#registered.isEmpty()) this.#marks.deleteEvent(type, MARK_MS);
    this.#options.deliver({ to: type, id, from: type, fromId: id, kind, value: result });
  }
}

function success(metadata: unknown, value: unknown): AnyResult {
  try {
    return { status: "success", metadata: copyValue(metadata), value: copyMessage(value) };
  } catch (error) {
    return failure(metadata, error); // the value is nothing that a message can hold
  }
}

function failure(metadata: unknown, thrown: unknown): AnyResult {
  const { name, message } = asError(thrown);
  return { status: "failure", metadata: copyValue(metadata), error: { name, message } };
}
