/**
 * Operator state in memory: the lists of one subtask. What flows in: the lists that this subtask takes over, already dealt out. What flows out: at each
 * snapshot all lists, item by item encoded; they are small, so there are no increments.
 *
 * A list that was restored and that nobody asks for is kept and saved again.
 */
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import { isMillraceError, MillraceError } from "../util/errors.ts";
import type { OperatorListState } from "./handles.ts";
import type { OperatorListSnapshot, OperatorStateBackend, RedistributionMode } from "./operator-state.ts";

/** `restored`: per old subtask, what of its lists this subtask takes over; items of one name follow each other in that order. */
export function createOperatorState(restored: readonly (readonly OperatorListSnapshot[])[]): OperatorStateBackend {
  return new MemoryOperatorState(restored);
}

class MemoryList<T> implements OperatorListState<T> {
  mode: RedistributionMode;
  #items: T[];

  constructor(mode: RedistributionMode, items: T[]) {
    this.mode = mode;
    this.#items = items;
  }

  get(): readonly T[] {
    return [...this.#items];
  }

  add(value: T): void {
    this.#items.push(value);
  }

  update(values: Iterable<T>): void {
    this.#items = [...values];
  }
}

class MemoryOperatorState implements OperatorStateBackend {
  /** In the order in which they were restored or asked for. */
  readonly #lists = new Map<string, MemoryList<unknown>>();

  constructor(restored: readonly (readonly OperatorListSnapshot[])[]) {
    for (const { name, mode, items } of restored.flat()) {
      const list = this.#lists.get(name) ?? new MemoryList<unknown>(mode, []);
      this.#lists.set(name, list);
      for (const item of items) list.add(decodeValue(item));
    }
  }

  list<T>(name: string, mode: RedistributionMode): OperatorListState<T> {
    const list = this.#lists.get(name) ?? new MemoryList<unknown>(mode, []);
    this.#lists.set(name, list);
    list.mode = mode;
    return list as unknown as OperatorListState<T>; // the caller says what it keeps under this name
  }

  snapshot(): readonly OperatorListSnapshot[] {
    return [...this.#lists].map(([name, list]) => ({
      name,
      mode: list.mode,
      items: list.get().map((item, index) => encodeItem(name, item, index)),
    }));
  }
}

function encodeItem(name: string, item: unknown, index: number): Uint8Array {
  try {
    return encodeValue(item);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw new MillraceError(
      error.code,
      `item ${index} of the operator list "${name}": ${error.message.slice(error.code.length + 2)}`,
      { cause: error },
    );
  }
}
