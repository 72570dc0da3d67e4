/** The heap backend passes the contract of keyed state backends; and what is its own: development mode. */
// covers: core/state/heap/*
// covers: core/state/ttl.ts
import { describe, expect, test } from "vitest";
import { list, value } from "../../../../core/state/descriptors.ts";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import { checkKeyedState } from "../../../conformance/keyed-state.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";

checkKeyedState({ name: "heap", create: (options) => createHeapKeyedState({ ...options, operatorName: "totals" }) });

describe("development mode", () => {
  test("refuses at the write what could not be saved", () => {
    const backend = createHeapKeyedState({
      keyGroups: { first: 0, last: 15 },
      maxParallelism: 16,
      clock: new ManualClock(),
      operatorName: "totals",
      developmentMode: true,
    });
    const box = backend.value("box", value<unknown>());
    const items = backend.list<unknown>("items", list());
    backend.setCurrentKey("a");
    expect(() => box.update({ callback: (): void => {} })).toThrow(/MR4101.*`\.callback`/);
    expect(() => items.add(new WeakMap())).toThrow("MR4101");
    box.update({ fine: true });
    expect(box.value()).toEqual({ fine: true });
  });
});
