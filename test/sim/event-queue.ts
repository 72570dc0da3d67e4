/**
 * What is going to happen, in the order in which it will: by time, and at one time in an order that a seed decides.
 *
 * In:   callbacks with their times. Out: one after the other. State: a binary heap; what was cancelled stays in it until its turn.
 */
import type { Cancel } from "../../core/time/clock.ts";

export interface QueuedEvent<T> {
  atMs: number;
  order: number;
  readonly what: T;
  cancelled: boolean;
}

export class EventQueue<T> {
  readonly #heap: QueuedEvent<T>[] = [];

  /** `order` decides among events of one time. */
  add(atMs: number, order: number, what: T): Cancel {
    const event: QueuedEvent<T> = { atMs, order, what, cancelled: false };
    this.#put(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** An event whose turn came too early: at another time. It can still be cancelled by whoever made it. */
  postpone(event: QueuedEvent<T>, atMs: number, order: number): void {
    event.atMs = atMs;
    event.order = order;
    this.#put(event);
  }

  /** Undefined if nothing is left. */
  next(): QueuedEvent<T> | undefined {
    for (;;) {
      const [first] = this.#heap;
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
        this.#sink();
      }
      if (!first.cancelled) return first;
    }
  }

  #put(event: QueuedEvent<T>): void {
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
  }

  #rise(start: number): void {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLater(parent, at)) return;
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [leftEvent, rightEvent] = [this.#heap[left], this.#heap[right]];
      if (leftEvent === undefined) return;
      const child = rightEvent !== undefined && isLater(leftEvent, rightEvent) ? right : left;
      if (!this.#swapIfLater(at, child)) return;
      at = child;
    }
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const [above, below] = [this.#heap[upper], this.#heap[lower]];
    if (above === undefined || below === undefined || !isLater(above, below)) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }
}

function isLater(left: QueuedEvent<unknown>, right: QueuedEvent<unknown>): boolean {
  return left.atMs > right.atMs || (left.atMs === right.atMs && left.order > right.order);
}
