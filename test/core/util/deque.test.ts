/**
 * Goal:   the ring behaves as a plain array does, whatever the order of pushes and takes.
 * Method: random commands against an array, which is shifted and unshifted.
 * Replay: `MILLRACE_SEED=<seed> npx vitest run test/core/util/deque.test.ts`.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deque } from "../../../core/util/deque.ts";
import { replay } from "../../harness/replay.ts";

type Command = { readonly kind: "push" | "unshift"; readonly value: number } | { readonly kind: "shift" | "clear" };

const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("push", "unshift"), value: fc.nat(99) }) },
    { weight: 3, arbitrary: fc.constant({ kind: "shift" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "clear" } as const) },
  ),
  { maxLength: 80 },
);

describe("Deque", () => {
  test("does what an array does", () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 5 }), (list, capacity) => {
        const deque = new Deque<number>(capacity);
        const model: number[] = [];
        for (const command of list) {
          if (command.kind === "push") {
            deque.push(command.value);
            model.push(command.value);
          } else if (command.kind === "unshift") {
            deque.unshift(command.value);
            model.unshift(command.value);
          } else if (command.kind === "shift") {
            expect(deque.shift()).toBe(model.shift());
          } else {
            deque.clear();
            model.length = 0;
          }
          expect([...deque]).toEqual(model);
          expect(deque.length).toBe(model.length);
          expect(deque.peek()).toBe(model[0]);
        }
      }),
      replay,
    );
  });

  test("refuses to be made without room", () => {
    expect(() => new Deque(0)).toThrow("MR3000");
  });
});
