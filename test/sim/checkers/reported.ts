/** What parts of the job itself have seen: probes in the pipeline, functions that were refused something. */
import type { Checker } from "./checker.ts";

export const reported: Checker = {
  name: "probes",
  check: ({ world }) => world.reports[0],
};
