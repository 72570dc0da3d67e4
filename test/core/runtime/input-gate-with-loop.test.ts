/** The input gate of a task in a loop: what goes around has more turns than what is new, but not all of them; and what must wait while the loop is full. */
// covers: core/runtime/input-gate.ts
import { describe, expect, test } from "vitest";
import type { ControlElement } from "../../../core/network/channel.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { InputGate } from "../../../core/runtime/input-gate.ts";

const BARRIER: ControlElement = {
  kind: "barrier",
  checkpointId: 1,
  options: { kind: "checkpoint", directory: "chk-1" },
};
const NEW = 0;
const LOOP = 1;

/** One channel from outside, one of the loop, each with a record. */
function gate(): { readonly gate: InputGate; readonly channels: readonly InSlotChannel[] } {
  const channels = [new InSlotChannel(8), new InSlotChannel(8)];
  for (const channel of channels) channel.push("record", 0);
  const made = new InputGate(
    channels.map((reader, input) => ({ reader, edge: input, isFeedback: input === LOOP, input })),
    {
      exactlyOnce: true,
      restored: channels.map(() => ({ watermarkMs: -Infinity, status: "active" as const })),
      overtaking: { putOff: () => [], isAllowed: false, nowMs: () => 0, schedule: () => () => undefined },
    },
  );
  return { gate: made, channels };
}

describe("with a loop", () => {
  test("what is new has its turn, however much goes around", () => {
    const { gate: inputs } = gate();
    const turns = Array.from({ length: 90 }, () => inputs.nextWithLoop(false, false));
    expect(turns.filter((turn) => turn === NEW)).toHaveLength(10);
  });

  test("nothing new comes in while the loop is full, but for what stands before a barrier", () => {
    const { gate: inputs, channels } = gate();
    const turns = (): Set<number> => new Set(Array.from({ length: 20 }, () => inputs.nextWithLoop(false, true)));
    expect(turns()).toEqual(new Set([LOOP]));
    channels[NEW]?.send(BARRIER);
    expect(turns()).toEqual(new Set([NEW, LOOP]));
  });

  test("a barrier goes first", () => {
    const { gate: inputs, channels } = gate();
    channels[NEW]?.consumed(1);
    channels[NEW]?.send(BARRIER);
    expect(inputs.nextWithLoop(false, true)).toBe(NEW);
  });

  test("a full loop alone has nothing to say", () => {
    const { gate: inputs, channels } = gate();
    channels[LOOP]?.consumed(1);
    expect(inputs.nextWithLoop(false, true)).toBe(-1);
    expect(inputs.nextWithLoop(false, false)).toBe(NEW);
  });
});
