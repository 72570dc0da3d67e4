/** The pump: feeds a run of records in order, stops after the record that leaves the chain busy, and keeps nothing alive behind it. */
import { expect, test } from "vitest";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import type { Input } from "../../../core/operators/operator.ts";
import { TaskAvailability } from "../../../core/runtime/availability.ts";
import { pump } from "../../../core/runtime/pump.ts";

test("feeds what fits, and not a record more", () => {
  const channel = new InSlotChannel(8);
  for (let n = 0; n < 6; n += 1) channel.push({ n }, n * 10);
  const availability = new TaskAvailability(() => undefined);
  const seen: [unknown, number][] = [];
  const input: Input<unknown> = {
    processRecord(value, timestampMs) {
      seen.push([value, timestampMs]);
      if (seen.length === 4) availability.interrupted();
    },
    processWatermark: () => undefined,
    processIdle: () => undefined,
  };
  expect(pump(channel, input, availability, 3)).toBe(3);
  channel.consumed(3);
  expect(pump(channel, input, availability, channel.readable())).toBe(1);
  channel.consumed(1);
  expect(pump(channel, input, availability, channel.readable())).toBe(0);
  availability.refresh();
  expect(pump(channel, input, availability, channel.readable())).toBe(2);
  channel.consumed(2);
  expect(seen).toEqual(Array.from({ length: 6 }, (_, n) => [{ n }, n * 10]));
  expect(channel.values.every((value) => value === undefined)).toBe(true);
});
