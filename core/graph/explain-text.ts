/** The plan as text: a vertex is a tree of its operators; an arrow under an operator is an exchange to another vertex. */
import type { Plan, PlanEdge, PlanOperator, PlanOutput, PlanVertex } from "./plan.ts";

export function explainText(plan: Plan): string {
  const operators = plan.vertices.reduce((sum, vertex) => sum + vertex.operators.length, 0);
  const subtasks = plan.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0);
  const lines = [
    `Job "${plan.name}": ${count(plan.vertices.length, "vertex", "vertices")}, ${count(operators, "operator")}, ${count(subtasks, "subtask")}`,
    ...plan.vertices.flatMap((vertex) => ["", ...vertexLines(plan, vertex)]),
    "",
    `Slots needed: ${plan.slots.total}`,
    ...plan.slots.perGroup.map(({ group, slots }) => `  group "${group}": ${slots} for ${membersOf(plan, group)}`),
    `Pipelined regions: ${plan.regions}`,
    ...(plan.warnings.length === 0 ? [] : ["Warnings:", ...plan.warnings.map(({ sentence }) => `  - ${sentence}`)]),
  ];
  return `${lines.join("\n")}\n`;
}

function vertexLines(plan: Plan, vertex: PlanVertex): readonly string[] {
  const head = vertex.operators[0];
  return [
    `[${vertex.index}] ${vertex.name}`,
    `    parallelism ${vertex.parallelism}, max ${vertex.maxParallelism}, group "${vertex.slotSharingGroup}"`,
    ...(head === undefined ? [] : operatorLines({ plan, vertex }, head, { indent: "    ", sideOutput: null })),
  ];
}

interface Place {
  readonly plan: Plan;
  readonly vertex: PlanVertex;
}

function operatorLines(
  place: Place,
  operator: PlanOperator,
  at: { readonly indent: string; readonly sideOutput: string | null },
): readonly string[] {
  const indent = `${at.indent}  `;
  const below = operator.outputs.flatMap((output) => outputLines(place, output, indent));
  return [`${at.indent}#${operator.node} ${operator.name}${sideMark(at.sideOutput)}${stateMark(operator)}`, ...below];
}

function outputLines(place: Place, output: PlanOutput, indent: string): readonly string[] {
  if (output.kind === "chained") {
    const follower = place.vertex.operators[output.target];
    return follower === undefined ? [] : operatorLines(place, follower, { indent, sideOutput: output.sideOutput });
  }
  const edge = place.plan.edges[output.target];
  const target = edge === undefined ? undefined : place.plan.vertices[edge.to];
  return edge === undefined || target === undefined ? [] : [`${indent}${arrow(place.plan, edge, target)}`];
}

function arrow(plan: Plan, edge: PlanEdge, target: PlanVertex): string {
  const severalInputs = plan.edges.some((other) => other.to === edge.to && other.input > 0);
  const input = severalInputs ? ` input ${edge.input + 1}` : "";
  return `=> [${target.index}] ${target.operators[0]?.name ?? ""}${input}: ${edge.isFeedback ? "feedback, " : ""}${edge.partitioning}, ${count(edge.channels, "channel")}${sideMark(edge.sideOutput)}`;
}

function sideMark(sideOutput: string | null): string {
  return sideOutput === null ? "" : `, side output "${sideOutput}"`;
}

function stateMark({ stateful, keyed, uid }: PlanOperator): string {
  const state = stateful ? `, ${keyed ? "keyed state" : "state"}` : "";
  if (uid !== null) return `${state}, uid "${uid}"`;
  return stateful ? `${state}, no uid` : "";
}

function membersOf(plan: Plan, group: string): string {
  return plan.vertices
    .filter((vertex) => vertex.slotSharingGroup === group)
    .map((vertex) => `[${vertex.index}] x ${vertex.parallelism}`)
    .join(", ");
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
