/** The name of a vertex, from the tree of its operators. */
import type { JobOperator } from "./job-graph-types.ts";

/** Flink's notation: `Source: numbers -> Map -> (Filter, Sink: out -> Committer)`. */
export function vertexName(operators: readonly JobOperator[]): string {
  // From the tail: an operator stands before those it feeds, so their part of the name is there when it is needed. Not recursive, as
  // chains may be long.
  const subtrees: string[] = [];
  for (let place = operators.length - 1; place >= 0; place -= 1) {
    const { name = "", outputs = [] } = operators[place] ?? {};
    const followers = outputs.flatMap((output) => (output.kind === "chained" ? [subtrees[output.operator] ?? ""] : []));
    const rest = followers.length > 1 ? `(${followers.join(", ")})` : followers.join("");
    subtrees[place] = followers.length === 0 ? name : `${name} -> ${rest}`;
  }
  return subtrees[0] ?? "";
}
