/**
 * Messages that wait for their time: the state behind `sendAfter`, `sendAt` and `cancel`.
 *
 * In:    what applied turns ask for; due timers; the watermark, through `EventTime`. Out: the envelopes that are due, with the sender as `from`.
 * State: a value per message, under the sender's id, in a namespace of its own made of type and token; and a timer per message in the same namespace, which finds it in one step. Timers of one
 *        time fire in the order of their registration, so messages do as well. What an async turn has cancelled and not yet applied is held in its `Parked` record (see `mailboxes.ts`).
 */
import { value } from "../../core/state/descriptors.ts";
import type { KeyedState, Namespace, OperatorValueState } from "../../core/state/keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../../core/state/timers.ts";
import type { OperatorServices } from "../../core/operators/operator.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";

/** The name of the state, and of its timers. */
export const DELAYED_SENDS = "delayed-sends";

/** As it is saved; the key is the sender's id. */
export interface DelayedSend {
  readonly token: string;
  readonly domain: "processing" | "event";
  readonly dueMs: TimeMs;
  readonly from: TypeName;
  readonly to: TypeName;
  readonly id: string;
  readonly kind: string;
  readonly value: unknown;
  /** Of the message in whose turn it was sent. */
  readonly timestampMs: TimeMs;
}

/** What a turn does to one token: sends, or takes back. */
export type DelayedChange = DelayedSend | "cancel";

/** What becomes of a message that is due. */
export interface DelayedTarget {
  emit(envelope: Envelope, timestampMs: TimeMs): void;
  /** True: a turn under way has taken it back, and keeps the namespace until it is applied or dropped. The key is set. */
  hold(type: TypeName, token: string, namespace: string): boolean;
}

export class DelayedSends implements TimerTarget {
  readonly timers: InternalTimers;
  readonly #keyed: KeyedState;
  readonly #waiting: OperatorValueState<DelayedSend>;
  readonly #target: DelayedTarget;
  readonly #clock: { nowMs(): TimeMs };
  readonly #tokens: string;
  #tokenCount = 0;
  /** What is due is forgotten instead. */
  #dropping = false;
  #dropped = 0;

  constructor(services: OperatorServices<Envelope>, target: DelayedTarget) {
    this.#keyed = services.keyedState;
    this.#waiting = services.keyedState.value(DELAYED_SENDS, value<DelayedSend>(), { namespaced: true });
    this.timers = services.timers(DELAYED_SENDS, this);
    this.#target = target;
    this.#clock = services.clock;
    this.#tokens = `#${services.clock.nowMs().toString(36)}-`;
  }

  /** How many wait for the clock. */
  get processingCount(): number {
    return this.timers.count().processing;
  }

  /** Whether a message of that token waits, at the current key. */
  isWaiting(type: TypeName, token: string): boolean {
    this.#keyed.setCurrentNamespace(namespaceOf(type, token));
    return this.#waiting.peek() !== undefined;
  }

  /** A token that no message of the current key has. */
  makeToken(type: TypeName): string {
    for (;;) {
      const token = `${this.#tokens}${(this.#tokenCount += 1)}`;
      if (!this.isWaiting(type, token)) return token;
    }
  }

  /** What a turn has decided on one token of its address, which is the current key. */
  apply(type: TypeName, token: string, change: DelayedChange, watermarkMs: TimeMs): void {
    const namespace = namespaceOf(type, token);
    this.#keyed.setCurrentNamespace(namespace);
    const before = this.#waiting.peek();
    if (before !== undefined) this.#remove(before, namespace);
    if (change === "cancel") return;
    if (change.domain === "event" && change.dueMs <= watermarkMs) {
      this.#emit(change);
      return;
    }
    this.#waiting.update(change);
    this.#register(change, namespace);
  }

  /** A message that was held goes out after all: its cancellation was dropped. */
  release(namespace: string): void {
    this.#fire(namespace);
  }

  /** After a restore: the turn that held it is gone, its timer has fired; it is due again. The key is set. */
  rearm(namespace: string): void {
    this.#keyed.setCurrentNamespace(namespace);
    const held = this.#waiting.peek();
    if (held !== undefined) this.#register(held, namespace);
  }

  /** Sends what is due earliest, whatever the clock says; false if nothing waits for the clock. */
  fireEarliest(): boolean {
    const earliestMs = this.timers.earliestProcessingMs();
    if (earliestMs === Infinity) return false;
    // Up to now and not only at that time: what the clock has made due in the meantime would come at once anyway.
    this.timers.fireProcessing(Math.max(earliestMs, this.#clock.nowMs()), NEVER_BUSY);
    return true;
  }

  /** Forgets everything that waits for the clock; returns how much that was. */
  drop(): number {
    this.#dropped = 0;
    this.#dropping = true;
    this.timers.fireProcessing(Infinity, NEVER_BUSY);
    this.#dropping = false;
    return this.#dropped;
  }

  onEventTimer(_timeMs: TimeMs, namespace: Namespace): void {
    this.#fire(namespace);
  }

  onProcessingTimer(_timeMs: TimeMs, namespace: Namespace): void {
    this.#fire(namespace);
  }

  #fire(namespace: Namespace): void {
    this.#keyed.setCurrentNamespace(namespace);
    const due = this.#waiting.peek();
    if (due === undefined) return;
    if (this.#dropping) {
      this.#dropped += 1;
    } else if (this.#target.hold(due.from, due.token, String(namespace))) {
      return;
    } else {
      this.#emit(due);
    }
    this.#keyed.setCurrentNamespace(namespace);
    this.#waiting.clear();
  }

  #emit(due: DelayedSend): void {
    const { to, id, from, kind } = due;
    const fromId = String(this.#keyed.getCurrentKey());
    this.#target.emit({ to, id, from, fromId, kind, value: due.value }, due.timestampMs);
  }

  #register({ domain, dueMs }: DelayedSend, namespace: string): void {
    if (domain === "event") this.timers.registerEvent(namespace, dueMs);
    else this.timers.registerProcessing(namespace, dueMs);
  }

  #remove({ domain, dueMs }: DelayedSend, namespace: string): void {
    this.#waiting.clear();
    if (domain === "event") this.timers.deleteEvent(namespace, dueMs);
    else this.timers.deleteProcessing(namespace, dueMs);
  }
}

const NEVER_BUSY = { busy: false } as const;

function namespaceOf(type: TypeName, token: string): string {
  return `${type}\n${token}`;
}
