/** When nothing goes wrong any more, the job makes progress and comes to its end, and every slot serves whoever leads; the job fails for good only where a damaged file leaves it no way. */
import type { Checker } from "./checker.ts";

export const liveness: Checker = {
  name: "liveness",
  check({ stuck, silent, failure, refusal, struck }) {
    if (stuck !== undefined) return `the job does not end: ${stuck}`;
    if (silent.length > 0) return `nobody can reach ${silent.join(", ")}, though nothing goes wrong any more`;
    const given = failure ?? refusal?.message;
    if (given === undefined || [...struck.keys()].includes("damage")) return undefined;
    return `the job gave up: ${given}`;
  },
};
