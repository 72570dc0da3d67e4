/** What a task says of its loop. */
import { describe, expect, test } from "vitest";
import type { TaskToLoop } from "../../../core/graph/loop-events.ts";
import { Backlog } from "../../../core/network/backlog.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import type { Operator } from "../../../core/operators/operator.ts";
import { Loop } from "../../../core/runtime/loop.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";

interface Ends {
  readonly loop: Loop;
  readonly channel: InSlotChannel;
  readonly told: TaskToLoop[];
}

/** A task that feeds itself over one channel, with two records to another task of which one was sent. */
function looping(head: Partial<Operator> = {}): Ends {
  const told: TaskToLoop[] = [];
  const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 2_000_000, diskBytesMax: 1e9 });
  const channel = new InSlotChannel(4, new Backlog(space));
  const toOthers = { pushed: 2, unsent: 0 };
  const toItself = {
    get pushed() {
      return channel.usage().pushed;
    },
    unsent: 0,
  };
  const loop = new Loop({
    head: { inputs: [], ...head },
    readers: [channel],
    writers: [toItself, toOthers],
    space,
    tell: (event) => void told.push(event),
  });
  return { loop, channel, told };
}

describe("a task in a loop", () => {
  test("says once that nothing else feeds it", () => {
    const { loop, told } = looping();
    expect(loop.isAlone).toBe(false);
    loop.alone();
    loop.alone();
    expect(loop.isAlone).toBe(true);
    expect(told).toEqual([{ type: "loop-alone" }]);
  });

  test("rests when nothing waits, and counts what it sent and took", () => {
    const { loop, channel, told } = looping();
    channel.push("a", 0);
    loop.handle({ type: "loop-count", round: 1 }, true);
    channel.consumed(1);
    loop.handle({ type: "loop-count", round: 2 }, false);
    loop.handle({ type: "loop-count", round: 3 }, true);
    expect(told).toEqual([
      { type: "loop-counted", round: 1, rests: false, count: { sent: 3, taken: 0 } },
      { type: "loop-counted", round: 2, rests: false, count: { sent: 3, taken: 1 } },
      { type: "loop-counted", round: 3, rests: true, count: { sent: 3, taken: 1 } },
    ]);
  });

  test("does not rest while its operator has something under way, and goes on if that says so", () => {
    const busy = looping({ quiet: false });
    busy.loop.handle({ type: "loop-count", round: 1 }, true);
    busy.loop.handle({ type: "loop-rests", round: 2 }, true);
    expect(busy.told).toMatchObject([{ rests: false }, { goesOn: true }]);
    const left = [true, false];
    const late = looping({ onLoopQuiet: () => left.shift() === true });
    late.loop.handle({ type: "loop-count", round: 1 }, true);
    late.loop.handle({ type: "loop-rests", round: 2 }, true);
    late.loop.handle({ type: "loop-rests", round: 3 }, true);
    expect(late.told.slice(1)).toMatchObject([{ goesOn: true }, { goesOn: false }]);
  });

  test("goes on if it has sent or taken anything since it was counted", () => {
    const { loop, channel, told } = looping();
    const asked = (): boolean | undefined => {
      loop.handle({ type: "loop-rests", round: 1 }, true);
      const answer = told.at(-1);
      return answer?.type === "loop-asked" ? answer.goesOn : undefined;
    };
    loop.handle({ type: "loop-count", round: 1 }, true);
    expect(asked()).toBe(false);
    channel.push("a", 0); // by a timer
    expect(asked()).toBe(true);
    channel.consumed(1);
    expect(asked()).toBe(true);
    loop.handle({ type: "loop-count", round: 1 }, true);
    expect(asked()).toBe(false);
  });

  test("is over once", () => {
    const { loop } = looping();
    loop.alone();
    expect(loop.handle({ type: "loop-over" }, true)).toBe(true);
    expect(loop.handle({ type: "loop-over" }, true)).toBe(false);
    expect(loop.isAlone).toBe(false);
  });

  test("that was saved after its end says so, and does not end again", () => {
    const { loop, told } = looping({ onLoopQuiet: () => true });
    loop.restoredOver();
    loop.handle({ type: "loop-rests", round: 1 }, true);
    expect(told).toEqual([{ type: "loop-alone" }, { type: "loop-asked", round: 1, goesOn: false }]);
    expect(loop.handle({ type: "loop-over" }, true)).toBe(false);
  });

  test("takes nothing new while it holds too much, or its operator does", () => {
    const { loop, channel } = looping();
    expect(loop.isCongested).toBe(false);
    for (let index = 0; index <= 65_536; index += 1) channel.push(index, 0);
    expect(loop.isCongested).toBe(true);
    expect(looping({ congested: true }).loop.isCongested).toBe(true);
  });
});
