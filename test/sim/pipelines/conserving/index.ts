/**
 * Conserving pipelines: what they write depends on chance, such as who is late, and laws say what must be true of it all the same.
 *
 * In:    a description, plain data. Out: a pipeline for the engine; its code; the law that some output breaks, if it does.
 */
import type { DataStream } from "../../../../core/index.ts";
import { listSource } from "../list-source.ts";
import type { Out, Pipeline, PipelineRun, UpTo } from "../pipeline.ts";
import { punctual } from "../sources.ts";
import { COUNT_WINDOWS } from "./count-windows.ts";
import type { CountWindows } from "./count-windows.ts";
import { EXPIRING } from "./expiring.ts";
import type { Expiring } from "./expiring.ts";
import { SOURCE, codeOfNumbered, numberedOf } from "./numbered.ts";
import type { Numbered, NumberedSource } from "./numbered.ts";
import { PROCESSING_WINDOWS } from "./processing-windows.ts";
import type { ProcessingWindows } from "./processing-windows.ts";
import { TIME_WINDOWS } from "./time-windows.ts";
import type { TimeWindows } from "./time-windows.ts";
import { WAITING_FOR_TIMERS } from "./timers.ts";
import type { WaitingForTimers } from "./timers.ts";

export type Conserving = TimeWindows | ProcessingWindows | CountWindows | WaitingForTimers | Expiring;

/** A pipeline as plain data, for replay files. */
export interface ConservingDescription {
  readonly source: NumberedSource;
  readonly of: Conserving;
}

/** A kind with a description of its own. */
interface Bound {
  readonly code: string;
  build(records: DataStream<Numbered>, write: PipelineRun["write"]): void;
  broken(written: readonly Out[], input: readonly Numbered[]): string | undefined;
}

export function conservingPipeline(description: ConservingDescription, upTo?: UpTo): Pipeline {
  const { source, of } = description;
  return {
    name: codeOfConserving(description),
    promise: "conserving",
    build({ read, write }) {
      const records = listSource(SOURCE, numberedOf(source, upTo));
      bound(of).build(read(records, punctual<Numbered>(source.boundMs + 1), SOURCE), write);
    },
  };
}

/** The first law that was broken, as a sentence; undefined if what was written keeps them all. Each lane in the order in which it was written. */
export function brokenLawOf(
  { source, of }: ConservingDescription,
  written: readonly Out[],
  upTo?: UpTo,
): string | undefined {
  const input = numberedOf(source, upTo).flat();
  return bound(of).broken(
    written,
    input.map((record) => record.value),
  );
}

/** The pipeline as one would write it, for a failure's message. */
export function codeOfConserving({ source, of }: ConservingDescription): string {
  return `${codeOfNumbered(source)}\n${bound(of).code}`;
}

function bound(of: Conserving): Bound {
  switch (of.kind) {
    case "time-windows":
      return bind(TIME_WINDOWS, of);
    case "processing-windows":
      return bind(PROCESSING_WINDOWS, of);
    case "count-windows":
      return bind(COUNT_WINDOWS, of);
    case "timers":
      return bind(WAITING_FOR_TIMERS, of);
    case "expiring":
      return bind(EXPIRING, of);
  }
}

function bind<D>(
  kind: {
    code(description: D): string;
    build(records: DataStream<Numbered>, description: D, write: PipelineRun["write"]): void;
    broken(written: readonly Out[], description: D, input: readonly Numbered[]): string | undefined;
  },
  description: D,
): Bound {
  return {
    code: kind.code(description),
    build: (records, write) => kind.build(records, description, write),
    broken: (written, input) => kind.broken(written, description, input),
  };
}
