/** The one class among the contracts of functions: the name of a side output. */
import { expect, test } from "vitest";
import { OutputTag } from "../../../../core/operators/contracts/functions.ts";

test("an OutputTag has a name", () => {
  expect(new OutputTag<number>("late").id).toBe("late");
  for (const id of ["", " ", undefined, 3]) expect(() => new OutputTag(id as never)).toThrow("MR1053");
});
