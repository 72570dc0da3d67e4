/**
 * Goal:   what a subtask gets back from a checkpoint, and what goes back to the enumerator, are together all that it was assigned, each once.
 * Method: random assignments, checkpoints that complete or do not, restarts; a plain log of what each snapshot had, without forgetting anything.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SplitAssignments } from "../../../core/cluster/split-assignments.ts";
import { replay } from "../../harness/replay.ts";

const SUBTASKS = 3;

type Command =
  | { readonly kind: "assign"; readonly subtask: number; readonly count: number }
  | { readonly kind: "snapshot" }
  /** One of those under way, by place; older ones are given up. */
  | { readonly kind: "complete"; readonly which: number }
  | { readonly kind: "restart"; readonly subtask: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant("assign" as const), subtask: fc.nat(SUBTASKS - 1), count: fc.nat(2) }),
  fc.record({ kind: fc.constant("snapshot" as const) }),
  fc.record({ kind: fc.constant("complete" as const), which: fc.nat(3) }),
  fc.record({ kind: fc.constant("restart" as const), subtask: fc.nat(SUBTASKS - 1) }),
);

type Held = readonly (readonly string[])[];

/** True: all that was assigned is held by a subtask, or has come back, and nothing twice. */
function play(assignments: SplitAssignments, commands: readonly Command[]): boolean {
  let held: Held = Array.from({ length: SUBTASKS }, () => []);
  const snapshots = new Map<number, Held>();
  let underWay: number[] = [];
  let completed: number | undefined;
  let [splits, checkpoints] = [0, 10];
  for (const next of commands) {
    switch (next.kind) {
      case "assign": {
        const made = Array.from({ length: next.count }, () => `${(splits += 1)}`);
        assignments.assigned(
          next.subtask,
          made.map((splitId) => ({ splitId })),
        );
        held = held.map((of, subtask) => (subtask === next.subtask ? [...of, ...made] : of));
        break;
      }
      case "snapshot":
        checkpoints += 1;
        assignments.snapshot(checkpoints);
        snapshots.set(checkpoints, held);
        underWay.push(checkpoints);
        break;
      case "complete": {
        const id = underWay[next.which];
        if (id === undefined) break;
        completed = id;
        underWay = underWay.filter((other) => other > id);
        assignments.completed(id);
        break;
      }
      case "restart": {
        // A failure gives up all that is under way.
        underWay = [];
        const before = held[next.subtask] ?? [];
        const kept = (completed !== undefined && snapshots.get(completed)?.[next.subtask]) || [];
        const back = assignments.takeBack(next.subtask).map(({ splitId }) => splitId);
        if (JSON.stringify([...kept, ...back]) !== JSON.stringify(before)) return false;
        held = held.map((of, subtask) => (subtask === next.subtask ? kept : of));
      }
    }
  }
  return true;
}

test("what is not in the checkpoint comes back, once", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => play(new SplitAssignments(), commands)),
    { numRuns: 500, ...replay },
  );
});

test("the property sees splits that are forgotten too early, and such as come back twice", () => {
  class Forgetful extends SplitAssignments {
    override snapshot(checkpointId: number): void {
      super.snapshot(checkpointId);
      this.completed(checkpointId);
    }
  }
  class Repeating extends SplitAssignments {
    override takeBack(subtask: number): ReturnType<SplitAssignments["takeBack"]> {
      const back = super.takeBack(subtask);
      this.assigned(subtask, back);
      return back;
    }
  }
  for (const broken of [() => new Forgetful(), () => new Repeating()])
    expect(
      fc.check(
        fc.property(fc.array(command, { maxLength: 40 }), (commands) => play(broken(), commands)),
        { numRuns: 500, seed: 1 },
      ).failed,
    ).toBe(true);
});

test("nothing comes back twice, nor after it was forgotten", () => {
  const assignments = new SplitAssignments();
  assignments.assigned(0, [{ splitId: "a" }]);
  expect(assignments.takeBack(0)).toEqual([{ splitId: "a" }]);
  expect(assignments.takeBack(0)).toEqual([]);
  assignments.assigned(0, [{ splitId: "b" }]);
  assignments.clear();
  expect(assignments.takeBack(0)).toEqual([]);
});
