/** Each subtask, and with it each of its key groups, is run by one task at a time: a slot begins the next attempt only after the last one has ended. */
import type { LiveChecker } from "./checker.ts";

export function singleWriter(): LiveChecker {
  /** By offer and subtask: the attempt that runs. */
  const running = new Map<string, number>();
  let problem: string | undefined;
  return {
    name: "single writer",
    deployed(offer, { vertex, subtask, attempt }) {
      const place = `${offer} ${vertex}/${subtask}`;
      const before = running.get(place);
      if (before !== undefined)
        problem ??= `attempt ${attempt} of subtask ${vertex}/${subtask} began in ${offer} while attempt ${before} ran`;
      running.set(place, attempt);
    },
    terminated(offer, { vertex, subtask, attempt }) {
      const place = `${offer} ${vertex}/${subtask}`;
      if (running.get(place) === attempt) running.delete(place);
    },
    check: () => problem,
  };
}
