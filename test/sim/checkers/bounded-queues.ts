/** No queue grows beyond its bound: between two slots there are never more frames under way than the consumer has room for, but what control elements take along. */
import type { LiveChecker } from "./checker.ts";

/**
 * What may stand before a control element: one call emits as much as it likes, and a timer of a generated pipeline hands out all records of its key and time,
 * 120 at most; each may need a frame of its own.
 */
const OVERDRAW_MAX = 128;

export function boundedQueues(): LiveChecker {
  const open = new Map<string, number>();
  let problem: string | undefined;
  const add = (channel: string, frames: number): number => {
    const before = open.get(channel) ?? 0;
    open.set(channel, before + frames);
    return before + frames;
  };
  return {
    name: "bounded queues",
    sent(channel, frames) {
      const beyond = add(channel, frames);
      if (beyond > OVERDRAW_MAX)
        problem ??= `channel ${channel} has ${beyond} frames more under way than its consumer has room for`;
    },
    granted: (channel, frames) => void add(channel, -frames),
    check: () => problem,
  };
}
