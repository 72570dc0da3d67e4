/**
 * A queue in a ring of a power of two, with the method names of an array: both ends in constant time, no allocation while it does not grow.
 *
 * In: what callers push, without a bound of its own (whoever needs one checks `length`). Out: the same, first in first out. What was taken out is
 * forgotten at once, so that the queue keeps nothing alive.
 */
import { assert } from "./errors.ts";

export class Deque<T> {
  #ring: (T | undefined)[];
  #head = 0;
  #length = 0;

  constructor(capacity = 16) {
    assert(capacity >= 1, "a deque must have room for one element");
    this.#ring = emptyRing(2 ** Math.ceil(Math.log2(capacity)));
  }

  get length(): number {
    return this.#length;
  }

  push(value: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = value;
    this.#length += 1;
  }

  /** Puts an element back to where `shift` took it. */
  unshift(value: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = value;
    this.#length += 1;
  }

  /** The oldest element, or undefined if there is none: ask `length` where undefined may be an element. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    return value;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** Counted from the oldest. */
  at(index: number): T | undefined {
    return index >= 0 && index < this.#length ? this.#ring[(this.#head + index) & (this.#ring.length - 1)] : undefined;
  }

  clear(): void {
    this.#ring = emptyRing(this.#ring.length);
    this.#head = 0;
    this.#length = 0;
  }

  /** Oldest first. Changes while iterating are not seen reliably. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let offset = 0; offset < this.#length; offset += 1) {
      yield this.#ring[(this.#head + offset) & (this.#ring.length - 1)] as T; // within the length, so it was pushed
    }
  }

  #grow(): void {
    const next = emptyRing<T>(this.#ring.length * 2);
    for (let offset = 0; offset < this.#length; offset += 1) {
      next[offset] = this.#ring[(this.#head + offset) & (this.#ring.length - 1)];
    }
    this.#ring = next;
    this.#head = 0;
  }
}

function emptyRing<T>(capacity: number): (T | undefined)[] {
  return Array.from({ length: capacity }, () => undefined);
}
