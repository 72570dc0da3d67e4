/**
 * Values that an Observable pushed and the job has not taken yet: a ring of fixed capacity, since an Observable cannot be told to wait.
 *
 * In:    `push`. Out: `shift`, in order. State: the values, each with its ordinal: how many came before it.
 */
export class ValueBuffer<T> {
  readonly #capacity: number;
  readonly #values: (T | undefined)[] = [];
  readonly #ordinals: number[] = [];
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.#capacity;
  }

  /** Must not be full. */
  push(value: T, ordinal: number): void {
    const index = (this.#head + this.#size) % this.#capacity;
    this.#values[index] = value;
    this.#ordinals[index] = ordinal;
    this.#size++;
  }

  /** Hands the oldest value to `take`; must not be empty. */
  shift(take: (value: T, ordinal: number) => void): void {
    const index = this.#head;
    const value = this.#values[index] as T; // the ring holds a value in each of its `size` places
    this.#values[index] = undefined;
    this.#head = (index + 1) % this.#capacity;
    this.#size--;
    take(value, this.#ordinals[index] ?? 0);
  }
}
