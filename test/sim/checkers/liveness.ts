/** When nothing goes wrong any more, the job makes progress and comes to its end; it fails for good only where a damaged file leaves it no way. */
import type { Checker } from "./checker.ts";

export const liveness: Checker = {
  name: "liveness",
  check({ stuck, failure, refusal, struck }) {
    if (stuck !== undefined) return `the job does not end: ${stuck}`;
    const given = failure ?? refusal?.message;
    if (given === undefined || [...struck.keys()].includes("damage")) return undefined;
    return `the job gave up: ${given}`;
  },
};
