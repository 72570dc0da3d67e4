/**
 * Exact pipelines: what they write does not depend on chance, and a naive interpreter says what it is.
 *
 * In:    a description, plain data, and how many records of each split there are. Out: a pipeline for the engine; what it must write; its code.
 */
import type { Collector, DataStream } from "../../../core/index.ts";
import { listSource } from "./list-source.ts";
import { outcomeOf } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import type { Out, Pipeline, PipelineRun, UpTo } from "./pipeline.ts";
import { codeOfSource, dealingOf, recordsOf, strategyOf } from "./sources.ts";
import type { Rec, Timed } from "./stage.ts";
import { outOf, wiringOf } from "./wiring.ts";
import type { ExactDescription, Stages } from "./wiring.ts";

/** The engine's form. */
export function exactPipeline(description: ExactDescription, upTo?: UpTo): Pipeline {
  return { name: codeOf(description), promise: "exact", build: (run) => build(description, run, upTo) };
}

function build(description: ExactDescription, run: PipelineRun, upTo: UpTo): void {
  const streams = new Map<string, DataStream<Rec>>();
  const { steps, written: streamsWritten } = wiringOf(description);
  for (const [index, source] of description.sources.entries()) {
    const name = `s${index}`;
    const records = listSource(name, recordsOf(source, name, upTo), dealingOf(source));
    streams.set(name, run.read(records, strategyOf(source), name));
  }
  for (const { stage, gene, name, inputs, outputs } of steps) {
    const taken = inputs.map((input) => known(streams, input));
    for (const [index, made] of stage.build(taken, gene, name).entries()) streams.set(outputs[index] ?? "", made);
  }
  for (const stream of streamsWritten) {
    const written = known(streams, stream.name).process({
      processElement(rec, { timestampMs }, out: Collector<Out>) {
        out.collect(outOf(stream, { rec, timestampMs }));
      },
    });
    run.write(written, stream.name);
  }
}

/** What the pipeline must write, made by plain code. In each lane in order; the order between lanes says nothing. */
export function interpret(description: ExactDescription, upTo?: UpTo, stages?: Stages): readonly Out[] {
  const streams = new Map<string, readonly Timed[]>();
  const { steps, written } = wiringOf(description, stages);
  for (const [index, source] of description.sources.entries()) {
    const records = recordsOf(source, `s${index}`, upTo).flat();
    streams.set(
      `s${index}`,
      records.map(({ value, timestampMs }) => ({ rec: value, timestampMs })),
    );
  }
  for (const { stage, gene, name, inputs, outputs } of steps) {
    const taken = inputs.map((input) => known(streams, input));
    for (const [index, made] of stage.interpret(taken, gene, name).entries()) streams.set(outputs[index] ?? "", made);
  }
  return written.flatMap((stream) => known(streams, stream.name).map((timed) => outOf(stream, timed)));
}

/** What must be visible in the end, lane by lane. */
export function expectedOf(description: ExactDescription, upTo?: UpTo): Outcome {
  return outcomeOf(interpret(description, upTo));
}

/** The pipeline as one would write it, for a failure's message. */
export function codeOf(description: ExactDescription): string {
  const { steps, written } = wiringOf(description);
  return [
    ...description.sources.map((source, index) => codeOfSource(`s${index}`, source)),
    ...steps.map(({ stage, gene, name, inputs }) => `${name} = ${stage.code(inputs, gene, name)}`),
    `written: ${written.map(({ name }) => name).join(", ")}`,
  ].join("\n");
}

function known<T>(streams: ReadonlyMap<string, T>, name: string): T {
  const stream = streams.get(name);
  if (stream === undefined) throw new Error(`a stage asks for the stream ${name}, which nobody makes`);
  return stream;
}
