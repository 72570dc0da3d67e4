/** What was in flight is processed first: before what its operator's predecessor emits meanwhile, watermarks too; in turns that end when the chain is busy. */
import { describe, expect, test } from "vitest";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import type { Input } from "../../../core/operators/operator.ts";
import { TaskAvailability } from "../../../core/runtime/availability.ts";
import { pump } from "../../../core/runtime/pump.ts";
import { Replay } from "../../../core/runtime/replay.ts";

class Recording implements Input<unknown> {
  readonly log: string[] = [];

  processRecord(value: unknown, timestampMs: number): void {
    this.log.push(`${String(value)} at ${timestampMs}`);
  }

  processWatermark(watermarkMs: number): void {
    this.log.push(`watermark ${watermarkMs}`);
  }

  processIdle(idle: boolean): void {
    this.log.push(idle ? "idle" : "active");
  }
}

function inFlight(
  operatorId: string,
  values: readonly string[],
  input = 0,
): ConstructorParameters<typeof Replay>[0][number] {
  const waiting = new InSlotChannel(4);
  for (const [index, text] of values.entries()) waiting.push(text, index);
  return { operatorId, input, waiting };
}

const availability = new TaskAvailability(() => undefined);

describe("within a chain", () => {
  test("everything that a predecessor emits waits behind what was in flight, and passes once that is through", () => {
    const replay = new Replay([inFlight("b", ["x", "y"])]);
    const target = new Recording();
    const input = replay.before("b", target) as Input<unknown>; // the chain connects equal types
    input.processWatermark(7);
    input.processRecord("new", 8);
    input.processIdle(true);
    expect(target.log).toEqual([]);
    expect(replay.advance(pump, availability, 2)).toBe(2);
    expect(replay.done).toBe(false);
    replay.advance(pump, availability, 100);
    expect(target.log).toEqual(["x at 0", "y at 1", "watermark 7", "new at 8", "idle"]);
    expect(replay.done).toBe(true);
    input.processRecord("later", 9);
    input.processWatermark(10);
    expect(target.log.slice(-2)).toEqual(["later at 9", "watermark 10"]);
  });

  test("an operator to which nothing was on its way is called directly", () => {
    const target = new Recording();
    expect(new Replay([inFlight("b", ["x"])]).before("a", target)).toBe(target);
    expect(new Replay([inFlight("b", [])]).before("b", target)).toBe(target);
  });
});

test("the tail comes first, the head last, each input on its own", () => {
  const replay = new Replay([inFlight("head", ["h", "i"], 1), inFlight("tail", ["t"])]);
  const [tail, left, right] = [new Recording(), new Recording(), new Recording()];
  replay.before("tail", tail);
  replay.beforeHead("head", [left, right]);
  expect(replay.advance(pump, availability, 1)).toBe(1);
  expect([tail.log, right.log]).toEqual([["t at 0"], []]);
  replay.advance(pump, availability, 100);
  expect([left.log, right.log]).toEqual([[], ["h at 0", "i at 1"]]);
});

test("nothing is processed while the chain is busy", () => {
  const busy = new TaskAvailability(() => undefined);
  const replay = new Replay([inFlight("head", ["a", "b", "c"])]);
  const target = new Recording();
  target.processRecord = (value) => {
    target.log.push(String(value));
    busy.block();
  };
  replay.beforeHead("head", [target]);
  expect([replay.advance(pump, busy, 100), replay.advance(pump, busy, 100)]).toEqual([1, 0]);
  busy.unblock();
  busy.refresh();
  expect(replay.advance(pump, busy, 100)).toBe(1);
  expect(target.log).toEqual(["a", "b"]);
  expect(replay.done).toBe(false);
});
