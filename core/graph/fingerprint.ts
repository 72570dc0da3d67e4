/**
 * The fingerprint of a job graph: every thread builds the graph itself from the job's module, and must get the same one.
 *
 * The signature is the graph as lines of text; the fingerprint is its hash; where two differ, `explainDivergence` prints both versions of
 * what differs. Structure and plain parameters count. Functions, and objects of classes, count by their presence only: their text and
 * names may differ between a source file and its bundle, and what they capture cannot be seen.
 */
import type { JobGraph, JobOperator, JobVertex } from "./job-graph-types.ts";
import { stableHash } from "./stable-hash.ts";

type Unsigned = Omit<JobGraph, "fingerprint" | "warnings">;

const DEPTH_MAX = 4;
/** Of an array: enough to tell parameters apart, without reading the million elements of a `fromData`. */
const ELEMENTS_MAX = 8;

export function fingerprintOf(graph: Unsigned): string {
  return stableHash(signatureOf(graph).join("\n"));
}

/** One line for the job, per vertex, per operator and per edge. */
export function signatureOf(graph: Unsigned): readonly string[] {
  return [
    `job ${JSON.stringify(graph.name)}`,
    ...graph.vertices.flatMap((vertex) => [
      vertexLine(vertex),
      ...vertex.operators.map((operator) => operatorLine(operator)),
    ]),
    ...graph.edges.map(
      (edge) =>
        `edge ${edge.from} -> ${edge.to} input ${edge.input} ${edge.partitioning.kind} ${edge.pattern}${edge.isFeedback ? " feedback" : ""}${side(edge.sideOutput)}`,
    ),
  ];
}

/** Undefined if they agree; else a sentence with the first line that differs, in both versions. */
export function explainDivergence(expected: readonly string[], actual: readonly string[]): string | undefined {
  for (let line = 0; line < Math.max(expected.length, actual.length); line += 1) {
    if (expected[line] === actual[line]) continue;
    return (
      "the job's module built two different graphs, so it depends on something other than its arguments (time, chance, environment, thread)\n" +
      `  there: ${expected[line]?.trim() ?? "(nothing)"}\n` +
      `  here:  ${actual[line]?.trim() ?? "(nothing)"}`
    );
  }
  return undefined;
}

function vertexLine({ index, parallelism, maxParallelism, slotSharingGroup }: JobVertex): string {
  return `vertex ${index} parallelism ${parallelism} of ${maxParallelism} group ${JSON.stringify(slotSharingGroup)}`;
}

function operatorLine(operator: JobOperator): string {
  const { id, node, kind, name, uid, stateful, keyed, spec } = operator;
  const marks = `${stateful ? " stateful" : ""}${keyed ? " keyed" : ""}${uid === undefined ? "" : ` uid ${JSON.stringify(uid)}`}`;
  const outputs = operator.outputs.map(
    (output) =>
      (output.kind === "chained" ? `operator ${output.operator}` : `edge ${output.edge}`) + side(output.sideOutput),
  );
  const functions = Object.keys(spec.functions).sort().join(", ");
  return (
    `  operator #${node} ${JSON.stringify(name)} ${kind} id ${id}${marks} runs ${spec.module}` +
    ` functions (${functions}) parameters ${textOf(spec.parameters, 0)} to [${outputs.join(", ")}]`
  );
}

function side(sideOutput: string | undefined): string {
  return sideOutput === undefined ? "" : ` side output ${JSON.stringify(sideOutput)}`;
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "function";
  if (typeof value === "symbol") return "symbol";
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (depth >= DEPTH_MAX) return "...";
  if (Array.isArray(value)) return arrayText(value, depth);
  if (value instanceof Date) return `date ${value.getTime()}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? recordText(value, depth) : "object";
}

function arrayText(values: readonly unknown[], depth: number): string {
  const shown = values.slice(0, ELEMENTS_MAX).map((value) => textOf(value, depth + 1));
  return `[${shown.join(", ")}${values.length > ELEMENTS_MAX ? `, ... ${values.length} in all` : ""}]`;
}

/** Keys are sorted, as their order means nothing; accessors are not called, as they belong to the user. */
function recordText(record: object, depth: number): string {
  const fields = Object.entries(Object.getOwnPropertyDescriptors(record))
    .filter(([, field]) => field.enumerable === true)
    .map(([key, field]) => `${JSON.stringify(key)}: ${"value" in field ? textOf(field.value, depth + 1) : "accessor"}`);
  return `{${fields.sort().join(", ")}}`;
}
