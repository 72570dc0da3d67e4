/** `explain`: what a job graph will run as, before it runs. Three renderings of one plan; the text one is for reading in a terminal. */
import { explainDot } from "./explain-dot.ts";
import { explainText } from "./explain-text.ts";
import type { JobGraph } from "./job-graph-types.ts";
import { planOf } from "./plan.ts";

export type ExplainFormat = "text" | "json" | "dot";

/** Ends with a line feed. */
export function explain(graph: JobGraph, options: { readonly format: ExplainFormat }): string {
  const plan = planOf(graph);
  switch (options.format) {
    case "text":
      return explainText(plan);
    case "dot":
      return explainDot(plan);
    case "json":
      return `${JSON.stringify(plan, undefined, 2)}\n`;
  }
}
