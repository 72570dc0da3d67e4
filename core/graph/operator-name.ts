/**
 * What operators are called: in vertex names, plans, metrics and errors. Flink's manner: sources and sinks say what they are, everything else
 * goes by its own name.
 */
import type { StreamNode } from "./stream-graph.ts";

type Named = Pick<StreamNode, "name" | "kind" | "spec">;

/** Whether the user chose the name; `addNode` falls back to the kind. */
export function hasOwnName(node: Pick<StreamNode, "name" | "kind">): boolean {
  return node.name !== node.kind;
}

/** `Source: numbers`, `Sink: out`, `enrich`; without a name of its own the kind in words: `Flat Map`, `Source: Sequence`, `Sink`. */
export function operatorName(node: Named): string {
  const role = roleOf(node);
  if (role === undefined) return hasOwnName(node) ? node.name : inWords(node.kind);
  const name = hasOwnName(node) ? node.name : inWords(node.kind.slice(0, -role.length));
  return name === "" ? inWords(role) : `${inWords(role)}: ${name}`;
}

/** For sentences: the number is the one that `explain` prints, since several operators may share a name. */
export function operatorLabel(node: Named & Pick<StreamNode, "id">): string {
  return `"${operatorName(node)}" (#${node.id})`;
}

/** The kinds of sources and sinks end in what they are: `source`, `sequence-source`. */
function roleOf({ kind, spec }: Named): "source" | "sink" | undefined {
  if (spec.module !== "source" && spec.module !== "sink") return undefined;
  return kind.endsWith(spec.module) ? spec.module : undefined;
}

/** `window.aggregate` → `Window Aggregate`. */
function inWords(kind: string): string {
  return kind
    .split(/[-./ ]+/)
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}
