/** The pool of slots: those that were offered and not lost, in the order of their offers. */
import { expect, test } from "vitest";
import { SlotPool } from "../../../core/cluster/slot-pool.ts";
import { PlayedSlot } from "./job-master-bench.ts";

test("keeps slots in the order in which they came", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => new PlayedSlot(id));
  const pool = new SlotPool(a === undefined ? [] : [a]);
  for (const slot of [c, b]) if (slot !== undefined) pool.add(slot);
  expect([pool.size, pool.slots()]).toEqual([3, [a, c, b]]);
  pool.remove("c");
  pool.remove("c");
  if (c !== undefined) pool.add(c);
  expect(pool.slots()).toEqual([a, b, c]);
});

test("a slot is offered once", () => {
  const pool = new SlotPool([new PlayedSlot("a")]);
  expect(() => pool.add(new PlayedSlot("a"))).toThrow(/a slot is offered once/);
});
