/** The plan for Graphviz: a box per operator, a frame per vertex, solid arrows for calls within a task, bold ones for exchanges. */
import type { Plan, PlanOperator, PlanOutput, PlanVertex } from "./plan.ts";

export function explainDot(plan: Plan): string {
  const lines = [
    `digraph ${quote([plan.name])} {`,
    "  rankdir=LR;",
    "  node [shape=box];",
    ...plan.vertices.flatMap((vertex) => frame(vertex)),
    ...plan.vertices.flatMap((vertex) => vertex.operators.flatMap((operator) => exchanges(plan, operator))),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function frame(vertex: PlanVertex): readonly string[] {
  return [
    `  subgraph cluster_${vertex.index} {`,
    `    label=${quote([`[${vertex.index}] parallelism ${vertex.parallelism}`, `group ${vertex.slotSharingGroup}`])};`,
    ...vertex.operators.map((operator) => `    op${operator.node} [label=${quote(caption(operator))}];`),
    ...vertex.operators.flatMap((operator) => calls(vertex, operator)),
    "  }",
  ];
}

function caption({ node, name, stateful, keyed, uid }: PlanOperator): readonly string[] {
  const marks = [...(stateful ? [keyed ? "keyed state" : "state"] : []), ...(uid === null ? [] : [`uid ${uid}`])];
  return [`#${node} ${name}`, ...(marks.length === 0 ? [] : [marks.join(", ")])];
}

function calls(vertex: PlanVertex, operator: PlanOperator): readonly string[] {
  return operator.outputs.flatMap((output) => {
    const target = output.kind === "chained" ? vertex.operators[output.target] : undefined;
    if (target === undefined) return [];
    const label = output.sideOutput === null ? "" : ` [label=${quote(sideLabel(output))}]`;
    return [`    op${operator.node} -> op${target.node}${label};`];
  });
}

function exchanges(plan: Plan, operator: PlanOperator): readonly string[] {
  return operator.outputs.flatMap((output) => {
    const edge = output.kind === "edge" ? plan.edges[output.target] : undefined;
    const target = edge === undefined ? undefined : plan.vertices[edge.to]?.operators[0];
    if (edge === undefined || target === undefined) return [];
    return [
      `  op${operator.node} -> op${target.node} [style=bold, label=${quote([edge.partitioning, ...(edge.isFeedback ? ["feedback"] : []), ...sideLabel(output)])}];`,
    ];
  });
}

function sideLabel({ sideOutput }: PlanOutput): readonly string[] {
  return sideOutput === null ? [] : [`side output ${sideOutput}`];
}

/** A quoted string of one or more lines. */
function quote(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")).join("\\n")}"`;
}
