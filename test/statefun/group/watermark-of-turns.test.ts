/** What turns see of the watermark after a rescale, at addresses whose subtask was further ahead than the one that they are now at. */
// covers: statefun/group/turn-context.ts
import { expect, test } from "vitest";
import { subtaskOfKeyGroup } from "../../../core/state/key-groups.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { makeGate } from "./http-asks.ts";
import { LoopHarness } from "./loop-harness.ts";
import { makeFunction, OUT } from "./make-function.ts";

const MAX_PARALLELISM = 16;
const IDS = Array.from({ length: 12 }, (_, at) => `id ${at}`);

/** Where the address was before the rescale. */
function subtaskOf(id: string): number {
  return subtaskOfKeyGroup(MAX_PARALLELISM, 2, keyGroupOf(id, MAX_PARALLELISM));
}

const ahead = IDS.filter((id) => subtaskOf(id) === 0);
const behind = IDS.filter((id) => subtaskOf(id) === 1);

/** Two subtasks, at 1000 and at 100, become one. Nothing is in its state: the key groups have the time. */
function rescaled(functions: readonly FunctionDefinition[]): LoopHarness {
  const options = { functions, maxParallelism: MAX_PARALLELISM };
  const before = new LoopHarness({ ...options, parallelism: 2 });
  before.subtasks[0]?.processWatermark(1_000, 0);
  before.subtasks[1]?.processWatermark(100, 0);
  return new LoopHarness({ ...options, parallelism: 1, restored: before.snapshot() });
}

function sendToAll(loop: LoopHarness, kind: string, value: unknown = null): void {
  for (const id of IDS) loop.send("test/seer", id, kind, value);
  loop.run();
}

/** What each of them has emitted, one thing each, in any order. */
function each(ids: readonly string[], what: unknown): Set<string> {
  return new Set(ids.map((id) => JSON.stringify([id, what])));
}

function emitted(loop: LoopHarness, before = 0): Set<string> {
  const values = loop
    .out()
    .slice(before)
    .map((value) => JSON.stringify(value));
  expect(new Set(values).size).toBe(values.length);
  return new Set(values);
}

test("there are addresses of both subtasks", () => {
  expect(ahead.length).toBeGreaterThan(1);
  expect(behind.length).toBeGreaterThan(1);
});

test("a turn sees the watermark that its address had reached, until the subtask has passed it", () => {
  const seer = makeFunction("test/seer", (ctx) => ctx.send(OUT, [ctx.self.id, ctx.currentWatermarkMs]));
  const loop = rescaled([seer]);
  for (const [watermarkMs, own] of [
    [undefined, 100],
    [600, 600],
    [1_500, 1_500],
  ] as const) {
    if (watermarkMs !== undefined) loop.watermark(watermarkMs);
    const before = loop.out().length;
    sendToAll(loop, "see");
    expect(emitted(loop, before)).toEqual(new Set([...each(ahead, Math.max(own, 1_000)), ...each(behind, own)]));
  }
});

test("and so does an async turn, which looks when others have had their turns", async () => {
  const gate = makeGate();
  const seer = makeFunction("test/seer", (ctx, kind) => {
    const see = (): void => ctx.send(OUT, [ctx.self.id, ctx.currentWatermarkMs]);
    if (kind === "see") return see();
    return gate.opened.then(see);
  });
  const loop = rescaled([seer]);
  sendToAll(loop, "wait");
  for (const id of ["other 1", "other 2", "other 3", "other 4"]) loop.send("test/seer", id, "see", null);
  const before = loop.out().length;
  expect(before).toBe(4);
  gate.open();
  await loop.settle();
  expect(emitted(loop, before)).toEqual(new Set([...each(ahead, 1_000), ...each(behind, 100)]));
});

test.each(["sync", "async"])(
  "a message for 500 is due at once where 1000 has been reached, by a turn that is %s",
  async (mode) => {
    const gate = makeGate();
    const seer = makeFunction("test/seer", (ctx, kind, value) => {
      if (kind === "due") return ctx.send(OUT, [ctx.self.id, "due"]);
      const send = (): void => void ctx.sendAt(Number(value), ctx.self, "due", null);
      return mode === "sync" ? send() : gate.opened.then(send);
    });
    const loop = rescaled([seer]);
    sendToAll(loop, "send", 500);
    gate.open();
    await loop.settle();
    expect(emitted(loop)).toEqual(each(ahead, "due"));
    loop.watermark(499);
    loop.run();
    expect(loop.out()).toHaveLength(ahead.length);
    loop.watermark(500);
    loop.run();
    expect(emitted(loop, ahead.length)).toEqual(each(behind, "due"));
  },
);
