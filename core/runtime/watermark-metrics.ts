/**
 * The watermarks of a task and of its operators, as Flink names them, computed when read. "Why does my window not fire" is the question that users ask
 * most: the metrics say how far time has come at each operator, and name the channel that holds it back.
 *
 * Who makes watermarks, or keeps them back until its timers have fired, registers `currentOutputWatermark` itself (`source.ts`, `timestamps.ts`,
 * `event-time.ts`); all others pass on what they get, and what an operator gets is what the one before it in the chain has passed on.
 */
import { inputChannels } from "../graph/channels.ts";
import type { JobGraph, JobOperator } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { TimeMs } from "../time/clock.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import type { ChainedOperator } from "./chain.ts";
import type { InputGate } from "./input-gate.ts";
import { WatermarkValve } from "./watermark-valve.ts";

export interface WatermarkMetricsParts {
  readonly graph: JobGraph;
  readonly task: SubtaskId;
  readonly operators: readonly ChainedOperator[];
  readonly gate: InputGate;
  readonly lease: MetricLease;
}

type Watermark = () => TimeMs;

export function registerWatermarks(parts: WatermarkMetricsParts): void {
  const { operators, gate, lease } = parts;
  if (gate.channels.length > 0) registerInput(parts);
  const passedOn = new Map<number, Watermark>();
  for (const [index, { job, operator }] of operators.entries()) {
    const group = lease.operator(job.name, job.id);
    const got = index === 0 ? headInput(gate) : passedOn.get(feederOf(operators, index));
    if (got !== undefined) group.gauge("currentInputWatermark", got);
    if (operator.inputs.length > 1) {
      for (const input of operator.inputs.keys())
        group.gauge(`currentInput${input + 1}Watermark`, () => inputWatermark(gate, input));
    }
    const own = group.read("currentOutputWatermark") !== undefined;
    const out: Watermark = own
      ? () => Number(group.read("currentOutputWatermark"))
      : () => operator.watermarkMs ?? got?.() ?? WATERMARK_MIN;
    if (!own && job.outputs.length > 0) group.gauge("currentOutputWatermark", out);
    passedOn.set(index, out);
  }
}

function registerInput({ graph, task, gate, lease }: WatermarkMetricsParts): void {
  const channels = inputChannels(graph, task.vertex, task.subtask);
  lease.metrics.gauge("currentInputWatermark", () => gate.valve.watermarkMs);
  lease.metrics.gauge("watermarkHeldBackBy", () => {
    const producer = channels[gate.valve.holder ?? -1]?.producer;
    return producer === undefined ? "" : `${graph.vertices[producer.vertex]?.name ?? ""} (${producer.subtask + 1})`;
  });
}

/** Sources have none. */
function headInput(gate: InputGate): Watermark | undefined {
  return gate.channels.length === 0 ? undefined : () => gate.valve.watermarkMs;
}

/** Of the channels of one logical input, by the rule by which those of all are combined. */
function inputWatermark(gate: InputGate, input: number): TimeMs {
  return new WatermarkValve(gate.valve.snapshot().filter((_, index) => gate.channels[index]?.input === input))
    .watermarkMs;
}

function feederOf(operators: readonly { readonly job: JobOperator }[], index: number): number {
  return operators.findIndex(({ job }) =>
    job.outputs.some((output) => output.kind === "chained" && output.operator === index),
  );
}
