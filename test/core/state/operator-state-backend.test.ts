/** Operator lists: handed out, saved, restored, kept. */
import { describe, expect, test } from "vitest";
import { createOperatorState } from "../../../core/state/operator-state-backend.ts";

describe("operator state", () => {
  test("a list starts empty, and is the same on every call", () => {
    const state = createOperatorState([]);
    const list = state.list<number>("positions", "split");
    expect(list.get()).toEqual([]);
    list.add(1);
    state.list<number>("positions", "split").add(2);
    expect(list.get()).toEqual([1, 2]);
    list.update([3]);
    expect(state.list<number>("positions", "split").get()).toEqual([3]);
  });

  test("what was handed out does not change", () => {
    const list = createOperatorState([]).list<number>("positions", "split");
    list.add(1);
    const before = list.get();
    list.add(2);
    expect(before).toEqual([1]);
  });

  test("comes back from its snapshot, with the parts of several subtasks in order", () => {
    const saved = [1, 2].map((subtask) => {
      const state = createOperatorState([]);
      state.list("positions", "split").update([{ subtask, at: -0 }, undefined]);
      state.list("all", "union").add(subtask);
      return state.snapshot();
    });
    const state = createOperatorState(saved);
    expect(state.list("positions", "split").get()).toEqual([
      { subtask: 1, at: -0 },
      undefined,
      { subtask: 2, at: -0 },
      undefined,
    ]);
    expect(state.list("all", "union").get()).toEqual([1, 2]);
  });

  test("lists that nobody asks for are kept, and a changed mode counts from the next snapshot", () => {
    const first = createOperatorState([]);
    first.list("old", "union").add("kept");
    first.list("changed", "split").add(1);
    const second = createOperatorState([first.snapshot()]);
    second.list("changed", "union");
    expect(second.snapshot().map(({ name, mode, items }) => [name, mode, items.length])).toEqual([
      ["old", "union", 1],
      ["changed", "union", 1],
    ]);
    expect(createOperatorState([second.snapshot()]).list("old", "union").get()).toEqual(["kept"]);
  });

  test("an item that cannot be saved is refused with its list and place", () => {
    const state = createOperatorState([]);
    state.list("positions", "split").update([1, { read: (): void => {} }]);
    expect(() => state.snapshot()).toThrow(/MR4101: item 1 of the operator list "positions".*`\.read`/);
  });
});
