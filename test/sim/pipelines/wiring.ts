/**
 * Which stage of a description takes which streams. Engine, interpreter and code follow the same wiring.
 *
 * In:    a description, plain data. Out: steps, in an order in which they can be built, and the streams that go to the sink.
 *
 * A stage that does not fit what is open is left out. A stream that was taken goes to the sink only if it was tapped.
 */
import type { Out } from "./pipeline.ts";
import type { SourceDescription } from "./sources.ts";
import type { Facts, Gene, Stage, Timed } from "./stage.ts";
import { STAGES } from "./stages/index.ts";
import { TOTALS } from "./stages/operator-state.ts";

/** A pipeline as plain data, for replay files. */
export interface ExactDescription {
  readonly sources: readonly SourceDescription[];
  readonly genes: readonly Gene[];
}

export type Stages = Readonly<Record<string, Stage>>;

export interface Step {
  readonly stage: Stage;
  readonly gene: Gene;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface WrittenStream {
  readonly name: string;
  readonly facts: Facts;
}

export interface Wiring {
  readonly sources: readonly WrittenStream[];
  readonly steps: readonly Step[];
  readonly written: readonly WrittenStream[];
}

/** `stages`: other than the real ones only where a test plants a bug. */
export function wiringOf({ sources, genes }: ExactDescription, stages: Stages = STAGES): Wiring {
  const read = sources.map((source, index) => ({
    name: `s${index}`,
    facts: { ordered: true, loose: false, spaced: source.stepMs > 0 || source.watermarks === "at the end" },
  }));
  let open: readonly WrittenStream[] = read;
  const finished: WrittenStream[] = [];
  const steps: Step[] = [];
  for (const [at, gene] of genes.entries()) {
    const fitting = fit(gene, open, stages);
    if (fitting === undefined) continue;
    const { stage, taken, facts } = fitting;
    const name = `x${at}`;
    const made = facts.map((known, output) => ({ name: output === 0 ? name : `${name}.${output}`, facts: known }));
    const inputs = taken.map((input) => input.name);
    steps.push({ stage, gene, name, inputs, outputs: made.map((output) => output.name) });
    const kept = gene.tap ? open : open.filter((stream) => !taken.includes(stream));
    open = [...kept, ...made.filter((output) => output.facts.sinkOnly !== true)];
    finished.push(...made.filter((output) => output.facts.sinkOnly === true));
  }
  return { sources: read, steps, written: [...open, ...finished] };
}

interface Fitting {
  readonly stage: Stage;
  readonly taken: readonly WrittenStream[];
  readonly facts: readonly Facts[];
}

/** Tries the open streams in turn, from the one that the gene names. */
function fit(gene: Gene, open: readonly WrittenStream[], stages: Stages): Fitting | undefined {
  const stage = stages[gene.stage];
  if (stage === undefined)
    throw new Error(`there is no stage "${gene.stage}": take one of ${Object.keys(stages).join(", ")}`);
  if (open.length < stage.inputs) return undefined;
  for (let turn = 0; turn < open.length; turn += 1) {
    const first = (gene.input + turn) % open.length;
    const taken = [first, (first + 1) % open.length].slice(0, stage.inputs).flatMap((index) => open[index] ?? []);
    const facts = stage.facts(
      taken.map((stream) => stream.facts),
      gene,
    );
    if (facts !== undefined) return { stage, taken, facts };
  }
  return undefined;
}

/** How a record of a stream is written: to a lane for each origin and key, with a mark if its order is not certain; with its time, so that this is compared too. */
export function outOf({ name, facts }: WrittenStream, { rec, timestampMs }: Timed): Out {
  const { src, key, n } = rec;
  if (src === TOTALS) return { lane: `${TOTALS}${name}`, value: n };
  const mark = facts.ordered && !facts.loose ? "" : "~";
  return { lane: `${mark}${name}/${src}/${key}`, value: `${n} at ${timestampMs}` };
}
