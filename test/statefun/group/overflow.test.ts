/** Mailboxes that have no memory: all but the first message of each parked address wait on disk, in order, through snapshots, quarantine and rescaling. */
// covers: statefun/group/overflow.ts
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { ErrorPolicy, FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { LoopHarness } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT } from "./make-function.ts";

/** Keeps what it gets; a message "wait" waits until the gate opens, "bad" throws, and "show" tells. */
function keeper(gates: (() => void)[], onError: ErrorPolicy): FunctionDefinition {
  const handler = (ctx: FunctionContext, kind: string, value: unknown): void | Promise<void> => {
    if (kind === "show") ctx.send(OUT, [ctx.self.id, bufferOf(ctx, "log").toArray()]);
    else if (kind === "bad") throw new Error("bad");
    else bufferOf(ctx, "log").push(value);
    return kind === "wait" ? new Promise((open) => gates.push(open)) : undefined;
  };
  return makeFunction("test/keeper", handler, { state: [bufferState("log")], onError });
}

function start(options: Partial<ConstructorParameters<typeof LoopHarness>[0]> = {}): {
  readonly loop: LoopHarness;
  readonly gates: (() => void)[];
} {
  const gates: (() => void)[] = [];
  const functions = [keeper(gates, { kind: "quarantine" })];
  return { loop: new LoopHarness({ functions, mailboxBytesMax: 0, ...options }), gates };
}

const MANY = 300;

function many(loop: LoopHarness, id: string, from = 0): void {
  for (let n = from; n < from + MANY; n += 1) loop.send("test/keeper", id, "keep", n);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("messages for a parked address that memory has no room for", () => {
  test("wait in order, hold back what is new, and have their turns once the address goes on", async () => {
    const { loop, gates } = start();
    loop.send("test/keeper", "a", "wait", "first");
    many(loop, "a");
    loop.send("test/keeper", "a", "show", undefined);
    expect(loop.subtasks[0]?.operator.congested).toBe(true);
    expect(loop.subtasks[0]?.putOff.length).toBe(MANY + 1);
    gates[0]?.();
    await loop.settle();
    for (let rounds = 0; rounds < 20; rounds += 1) await loop.settle();
    expect(loop.out()).toEqual([["a", ["first", ...upTo(MANY)]]]);
    expect([loop.subtasks[0]?.operator.congested, loop.subtasks[0]?.operator.quiet]).toEqual([false, true]);
    expect(loop.subtasks[0]?.putOff).toEqual([]);
    expect(loop.metric("test/keeper", "numBacklog")).toBe(0);
  });

  test("are in a snapshot, and come before what was on its way, at any parallelism", async () => {
    const { loop, gates } = start();
    for (const id of ["a", "b", "c"]) {
      loop.send("test/keeper", id, "wait", "first");
      many(loop, id);
    }
    const restored = loop.snapshot();
    loop.crash();
    gates.forEach((open) => open());
    const again = start({ restored, parallelism: 3 });
    again.loop.run();
    for (const id of ["a", "b", "c"]) {
      many(again.loop, id, MANY);
      again.loop.send("test/keeper", id, "show", undefined);
    }
    again.gates.forEach((open) => open());
    for (let rounds = 0; rounds < 40; rounds += 1) await again.loop.settle();
    const shown = again.loop.out().toSorted((left, right) => String(left).localeCompare(String(right)));
    expect(shown).toEqual(["a", "b", "c"].map((id) => [id, ["first", ...upTo(2 * MANY)]]));
  });

  test("of a quarantined address hold nobody back, and go on when it is skipped", async () => {
    const { loop } = start();
    loop.send("test/keeper", "a", "bad", undefined);
    many(loop, "a");
    expect(loop.subtasks[0]?.operator.congested).toBe(false);
    expect(loop.subtasks[0]?.putOff.length).toBe(MANY);
    loop.send("test/keeper", "b", "keep", 1);
    loop.send("test/keeper", "b", "show", undefined);
    loop.send("test/keeper", "a", "$skip", undefined);
    loop.send("test/keeper", "a", "show", undefined);
    for (let rounds = 0; rounds < 20; rounds += 1) await loop.settle();
    expect(loop.out()).toEqual([
      ["b", [1]],
      ["a", upTo(MANY)],
    ]);
    expect(loop.metric("test/keeper", "numBacklog")).toBe(0);
  });
});
