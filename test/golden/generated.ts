/**
 * Pipelines made by chance: one or two sources with several splits, and a few stages over whatever streams are open. All of them are exact.
 *
 * In:    numbers from fast-check. Out: a pipeline for the loop, and its code for people.
 *
 * Records are out of order by less than the bound of their watermarks, so none is late; a timestamp may occur several times.
 */
import fc from "fast-check";
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { WatermarkStrategy } from "../../core/index.ts";
import { decodeValue } from "../../core/types/value-codec.ts";
import { SeededRandom } from "../../core/util/random.ts";
import type { GoldenPipeline, GoldenRun } from "./loop.ts";
import { STAGES } from "./stages.ts";
import type { Flow, Gene, Rec } from "./stage.ts";
import { listSource } from "./list-source.ts";
import type { ListSplit, TimedRecord } from "./list-source.ts";

export interface GeneratedSource {
  readonly splits: number;
  readonly records: number;
  readonly keys: number;
  readonly jitterMs: number;
  /** Generators of watermarks speak after each record, or now and then, or only at the end: then the splits are dealt on demand. */
  readonly watermarks: "punctual" | "periodic" | "at the end";
  readonly seed: number;
}

export interface Generated {
  readonly sources: readonly GeneratedSource[];
  readonly genes: readonly Gene[];
}

const small: fc.Arbitrary<number> = fc.nat(1_000);

export const generated: fc.Arbitrary<Generated> = fc.record({
  sources: fc.array(
    fc.record({
      splits: fc.integer({ min: 1, max: 4 }),
      records: fc.integer({ min: 1, max: 50 }),
      keys: fc.integer({ min: 1, max: 5 }),
      jitterMs: fc.integer({ min: 0, max: 30 }),
      watermarks: fc.constantFrom("punctual", "periodic", "at the end"),
      seed: fc.nat(),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  genes: fc.array(fc.record({ kind: small, a: small, b: small, c: small }), { minLength: 1, maxLength: 6 }),
});

/** `upTo`: how many records of each split there are, by split id; default: all. */
export function pipelineOf(description: Generated, upTo?: ReadonlyMap<string, number>): GoldenPipeline {
  return { name: codeOf(description), promise: "exact", build: (run) => build(description, run, upTo) };
}

function build({ sources, genes }: Generated, run: GoldenRun, upTo: ReadonlyMap<string, number> | undefined): void {
  const open: Flow[] = sources.map((source, index) => {
    const name = `s${index}`;
    const dealing = source.watermarks === "at the end" ? "on-demand" : "at-once";
    const stream = run.read(listSource(name, recordsOf(source, name, upTo), dealing), strategyOf(source), name);
    return { stream, ordered: true, loose: false, name };
  });
  const steps = plan(sources.length, genes, (at, inputs, name) => {
    const stage = stageOf(genes[at]);
    const gene = genes[at];
    if (stage === undefined || gene === undefined) return [];
    const flows = inputs.flatMap((input) => open.find((flow) => flow.name === input) ?? []);
    if (stage.needsOrder === true && !flows.every(({ ordered }) => ordered)) return undefined;
    const made = stage
      .build(flows, gene, name)
      .map((flow, output) => ({ ...flow, name: output === 0 ? name : `${name}.${output}` }));
    open.push(...made);
    return made.map((flow) => (flow.done === true ? `!${flow.name}` : flow.name));
  });
  for (const name of steps) {
    const flow = open.find((other) => other.name === name.replace("!", ""));
    if (flow !== undefined) write(run, flow);
  }
}

function write(run: GoldenRun, { stream, ordered, loose, name }: Flow): void {
  const lane = ordered && !loose ? "" : "~";
  run.write(
    stream.map(({ src, key, n }) => ({ lane: src === "+" ? `+${name}` : `${lane}${name}/${src}/${key}`, value: n })),
    name,
  );
}

function stageOf(gene: Gene | undefined): (typeof STAGES)[number] | undefined {
  return gene === undefined ? undefined : STAGES[gene.kind % STAGES.length];
}

/**
 * Which stage takes which streams. `apply` returns the names of the streams that a stage makes, those for the sink only with a `!`; undefined if it does
 * not fit. Returns the streams that are open in the end. A stream may feed several stages; then it goes to the sink as well.
 */
function plan(
  sources: number,
  genes: readonly Gene[],
  apply: (at: number, inputs: readonly string[], name: string) => readonly string[] | undefined,
): readonly string[] {
  let open = Array.from({ length: sources }, (_, index) => `s${index}`);
  const finished: string[] = [];
  for (const [at, gene] of genes.entries()) {
    const stage = stageOf(gene);
    if (stage === undefined) continue;
    const first = gene.a % open.length;
    const second = (first + 1) % open.length;
    const inputs = (stage.inputs === 1 ? [first] : first === second ? [] : [first, second]).map(
      (index) => open[index] ?? "",
    );
    if (inputs.length < stage.inputs) continue;
    const made = apply(at, inputs, `x${at}`);
    if (made === undefined) continue;
    const kept = gene.c % 5 === 0 ? open : open.filter((name) => !inputs.includes(name));
    open = [...kept, ...made.filter((name) => !name.startsWith("!"))];
    finished.push(...made.filter((name) => name.startsWith("!")));
  }
  return [...open, ...finished];
}

function strategyOf({ jitterMs, watermarks }: GeneratedSource): WatermarkStrategy<Rec> {
  if (watermarks === "at the end") return WatermarkStrategy.noWatermarks();
  if (watermarks === "periodic") return WatermarkStrategy.forBoundedOutOfOrderness(jitterMs);
  return WatermarkStrategy.forGenerator(() => {
    let highestMs = -Infinity;
    return {
      onEvent: (_record, timestampMs, out) => {
        highestMs = Math.max(highestMs, timestampMs);
        out.emitWatermark(highestMs - jitterMs - 1);
      },
      onPeriodicEmit: () => undefined,
      snapshot: () => highestMs,
      restore: (saved) => {
        highestMs = Number(saved);
      },
    };
  });
}

function recordsOf(
  source: GeneratedSource,
  name: string,
  upTo: ReadonlyMap<string, number> | undefined,
): TimedRecord<Rec>[][] {
  const random = new SeededRandom(source.seed);
  return Array.from({ length: source.splits }, (_, split) => {
    const records = Array.from({ length: source.records }, (__, at) => ({
      value: {
        src: `${name}.${split}`,
        key: `k${Math.floor(random.next() * source.keys)}`,
        n: Math.floor(random.next() * 100),
      },
      timestampMs: at * 3 - Math.floor(random.next() * (source.jitterMs + 1)),
    }));
    return records.slice(0, upTo === undefined ? undefined : (upTo.get(`${name}-${split}`) ?? source.records));
  });
}

/** How many records of each split a savepoint has behind it; splits that it does not know are read to their end. */
export function positionsIn(savepoint: CompletedCheckpoint): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const note = ({ splitId, position }: ListSplit): void => void positions.set(splitId, position);
  for (const { state } of savepoint.coordinators) (decodeValue(state) as ListSplit[]).forEach(note); // as `listSource` saves it
  for (const vertex of savepoint.vertices) {
    for (const operator of vertex.subtasks.flatMap(({ operators }) => operators)) {
      const items = operator.lists.filter(({ name }) => name === "splits").flatMap((list) => list.items);
      for (const item of items) note((decodeValue(item) as { readonly split: ListSplit }).split); // as the source operator saves it
    }
  }
  return positions;
}

/** The pipeline as one would write it, for a failure's message. What does not fit is left out, as when it is built. */
export function codeOf({ sources, genes }: Generated): string {
  const lines = sources.map(
    ({ splits, records, keys, jitterMs, watermarks, seed }, index) =>
      `s${index} = source(${splits} splits of ${records} records, ${keys} keys, jitter ${jitterMs} ms, watermarks ${watermarks}, seed ${seed})`,
  );
  for (const [at, gene] of genes.entries()) {
    const stage = stageOf(gene);
    if (stage !== undefined) lines.push(`x${at} = ${stage.code(["stream", "other"], gene)} [a ${gene.a}, c ${gene.c}]`);
  }
  return lines.join("\n");
}
