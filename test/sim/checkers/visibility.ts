/** Nothing is visible before the checkpoint that contains it is complete, and nobody writes to the outside in a way that it forbids. */
import type { Checker } from "./checker.ts";

export const visibility: Checker = {
  name: "visibility",
  check: ({ outside }) => outside.violations[0],
};
