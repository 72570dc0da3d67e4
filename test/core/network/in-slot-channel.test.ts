/**
 * Goal:   a channel delivers every record and control element once and in order, blocks its producer at the capacity, and always lets it go again.
 * Method: random pushes, control elements and reads against a plain list; overdraw included.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControlElement } from "../../../core/network/channel.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { replay } from "../../harness/replay.ts";

type Action =
  | { readonly kind: "push" }
  | { readonly kind: "control" }
  | { readonly kind: "read"; readonly count: number };

const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Action>({ kind: "push" }) },
    { weight: 1, arbitrary: fc.constant<Action>({ kind: "control" }) },
    { weight: 2, arbitrary: fc.nat(7).map<Action>((count) => ({ kind: "read", count })) },
  ),
  { maxLength: 300 },
);

function readUpTo(channel: InSlotChannel, count: number): unknown[] {
  const seen: unknown[] = [];
  for (let step = 0; step < count; step += 1) {
    const control = channel.peekControl();
    if (control !== undefined) {
      channel.takeControl();
      seen.push(control);
    } else if (channel.readable() > 0) {
      const slot = channel.head & channel.mask;
      seen.push([channel.values[slot], channel.timestampsMs[slot]]);
      channel.values[slot] = undefined;
      channel.consumed(1);
    }
  }
  return seen;
}

describe("the channel between two subtasks of a thread", () => {
  test("delivers everything once, in order, and blocks exactly between full and half empty", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), actions, (capacity, script) => {
        const channel = new InSlotChannel(capacity);
        let blocked = 0;
        channel.connectProducer({ block: () => (blocked += 1), unblock: () => (blocked -= 1) });
        const expected: unknown[] = [];
        const seen: unknown[] = [];
        let sent = 0;
        let waiting = 0;
        const read = (count: number): void => {
          const got = readUpTo(channel, count);
          waiting -= got.filter(Array.isArray).length;
          seen.push(...got);
        };
        for (const action of script) {
          if (action.kind === "push") {
            channel.push(sent, sent * 10);
            expected.push([sent, sent * 10]);
            sent += 1;
            waiting += 1;
          } else if (action.kind === "control") {
            const element: ControlElement = { kind: "watermark", watermarkMs: sent };
            channel.send(element);
            expected.push(element);
          } else read(action.count);
          expect(channel.usage()).toMatchObject({ waiting, pushed: sent });
          if (waiting >= capacity) expect(blocked).toBe(1);
          if (waiting * 2 <= capacity - 1) expect(blocked).toBe(0);
        }
        read(expected.length);
        expect(seen).toEqual(expected);
        expect(blocked).toBe(0);
        expect(channel.usage().waiting).toBe(0);
      }),
      { numRuns: 300, ...replay },
    );
  });

  test("wakes its consumer for the first record and for every control element", () => {
    const channel = new InSlotChannel(4);
    let wakes = 0;
    channel.connectConsumer({ wake: () => (wakes += 1) });
    const before = wakes;
    channel.push("a", 1);
    channel.push("b", 2);
    channel.send({ kind: "end-of-data" });
    expect(wakes - before).toBe(2);
  });
});
