/** The input gate: channels take turns, those that wait for barriers rest, and while the chain is busy only barriers pass. */
import { describe, expect, test } from "vitest";
import type { ControlElement } from "../../../core/network/channel.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { InputGate } from "../../../core/runtime/input-gate.ts";

const BARRIER: ControlElement = {
  kind: "barrier",
  checkpointId: 1,
  options: { kind: "checkpoint", directory: "chk-1" },
};

/** A gate over channels whose logical inputs are given. */
function gateOver(inputs: readonly number[]): {
  readonly gate: InputGate;
  readonly channels: readonly InSlotChannel[];
} {
  const channels = inputs.map(() => new InSlotChannel(8));
  const gate = new InputGate(
    channels.map((reader, at) => ({ reader, edge: inputs[at] ?? 0, isFeedback: false, input: inputs[at] ?? 0 })),
    {
      exactlyOnce: true,
      restored: channels.map(() => ({ watermarkMs: -Infinity, status: "active" as const })),
      overtaking: { putOff: () => [], isAllowed: false, nowMs: () => 0, schedule: () => () => undefined },
    },
  );
  return { gate, channels };
}

describe("the next channel", () => {
  test("comes in turns, so that a busy one starves nobody", () => {
    const { gate, channels } = gateOver([0, 0, 0]);
    for (const channel of [channels[0], channels[2]]) channel?.push("record", 0);
    expect([gate.next(false), gate.next(false), gate.next(false)]).toEqual([0, 2, 0]);
  });

  test("is none if nobody has anything", () => {
    expect(gateOver([0, 0]).gate.next(false)).toBe(-1);
    expect(gateOver([]).gate.next(false)).toBe(-1);
  });

  test("is not one whose barrier has come", () => {
    const { gate, channels } = gateOver([0, 0]);
    for (const channel of channels) channel.push("record", 0);
    gate.alignment.barrier(0, { checkpointId: 1, options: BARRIER.options });
    expect([gate.next(false), gate.next(false)]).toEqual([1, 1]);
    gate.alignment.taken(1);
    expect(new Set([gate.next(false), gate.next(false)])).toEqual(new Set([0, 1]));
  });

  test.each<[ControlElement, boolean]>([
    [BARRIER, true],
    [{ kind: "close" }, true],
    [{ kind: "watermark", watermarkMs: 1 }, false],
    [{ kind: "idle", idle: true }, false],
    [{ kind: "end-of-data" }, false],
  ])("while the chain is busy, %o passes: %s", (element, passes) => {
    const { gate, channels } = gateOver([0, 0]);
    channels[0]?.push("record", 0);
    channels[1]?.send(element);
    expect(gate.next(true)).toBe(passes ? 1 : -1);
  });

  test("a barrier behind a record waits for it", () => {
    const { gate, channels } = gateOver([0]);
    channels[0]?.push("record", 0);
    channels[0]?.send(BARRIER);
    expect(gate.next(true)).toBe(-1);
  });
});

test("an input ends with the last of its channels", () => {
  const { gate } = gateOver([0, 1, 0]);
  expect(gate.endOfData(0)).toBe(-1);
  expect(gate.endOfData(1)).toBe(1);
  expect(gate.allEnded).toBe(false);
  expect(gate.endOfData(2)).toBe(0);
  expect(gate.allEnded).toBe(true);
});
