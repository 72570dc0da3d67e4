/** No queue grows beyond its bound: between two slots there are never more records under way than the consumer has room for, but what one record made. */
import type { LiveChecker } from "./checker.ts";

/** What one call may emit at once: a timer of a generated pipeline hands out all records of its key and time, 120 at most. */
const OVERDRAW_MAX = 128;

export function boundedQueues(): LiveChecker {
  const open = new Map<string, number>();
  let problem: string | undefined;
  const add = (channel: string, records: number): number => {
    const before = open.get(channel) ?? 0;
    open.set(channel, before + records);
    return before + records;
  };
  return {
    name: "bounded queues",
    sent(channel, records) {
      const beyond = add(channel, records);
      if (beyond > OVERDRAW_MAX)
        problem ??= `channel ${channel} has ${beyond} records more under way than its consumer has room for`;
    },
    granted: (channel, records) => void add(channel, -records),
    check: () => problem,
  };
}
