/**
 * That the comparison of engine and interpreter catches something, for every stage.
 *
 * Each stage's interpreter is broken in some way, with the engine as it is: within some pipelines around that stage the two must differ. A wrong engine and
 * a right interpreter differ in the same way.
 */
import { describe, expect, test } from "vitest";
import { CALM, commitsOf, runGolden } from "../../golden/loop.ts";
import { codeOf, exactPipeline, interpret } from "./exact.ts";
import { describeExact } from "./generate.ts";
import { differenceOf, outcomeOf } from "./outcome.ts";
import type { Gene, Stage, Timed } from "./stage.ts";
import { STAGES } from "./stages/index.ts";
import type { ExactDescription } from "./wiring.ts";

const RUNS_MAX = 12;

type Streams = readonly (readonly Timed[])[];
type Interpret = Stage["interpret"];

/** Pipelines of one stage, over two sources, with the letters of a generated gene. */
function around(stage: string, seed: number): ExactDescription {
  const { sources } = describeExact(seed);
  const [first] = sources;
  if (first === undefined) throw new Error("generated pipelines have a source");
  const numbers: Omit<Gene, "stage"> = {
    input: seed,
    a: (seed * 7) % 61,
    b: (seed * 11) % 61,
    c: (seed * 13) % 61,
    parallelism: 0,
    tap: false,
  };
  const second = sources[1] ?? { ...first, seed: first.seed + 1 };
  const gene = { ...numbers, stage };
  return { sources: [{ ...first, records: 50, uneven: false, stepMs: 2 }, second], genes: [gene] };
}

/** After how many runs of the engine the broken interpreter was found; undefined: not at all. */
async function runsUntilCaught(name: string, broken: (real: Interpret) => Interpret): Promise<number | undefined> {
  const real = STAGES[name];
  if (real === undefined) throw new Error(`there is no stage ${name}`);
  const stages = { ...STAGES, [name]: { ...real, interpret: broken(real.interpret.bind(real)) } };
  for (let seed = 1; seed <= RUNS_MAX; seed += 1) {
    const description = around(name, seed);
    const run = await runGolden(exactPipeline(description), CALM);
    const written = outcomeOf(commitsOf(run.outside));
    const sound = differenceOf(written, outcomeOf(interpret(description)));
    if (sound !== undefined) throw new Error(`${codeOf(description)}\n${sound}`);
    if (differenceOf(written, outcomeOf(interpret(description, undefined, stages))) !== undefined) return seed;
  }
  return undefined;
}

/** Works on what the stage made. */
function after(change: (made: Streams) => Streams): (real: Interpret) => Interpret {
  return (real) => (inputs, gene, name) => change(real(inputs, gene, name));
}

describe.each(Object.keys(STAGES))("%s: caught", (name) => {
  test("a record is lost", async () => {
    const lost = after((made) => made.map((records) => records.slice(0, -1)));
    expect(await runsUntilCaught(name, lost)).toBeDefined();
  });

  test("a record comes twice", async () => {
    const twice = after((made) => made.map((records) => [...records, ...records.slice(-1)]));
    expect(await runsUntilCaught(name, twice)).toBeDefined();
  });
});

/** Reads its input otherwise. */
function before(change: (inputs: Streams) => Streams): (real: Interpret) => Interpret {
  return (real) => (inputs, gene, name) => real(change(inputs), gene, name);
}

/** With other letters. */
function otherwise(change: (gene: Gene) => Gene): (real: Interpret) => Interpret {
  return (real) => (inputs, gene, name) => real(inputs, change(gene), name);
}

const later =
  (ms: number): ((inputs: Streams) => Streams) =>
  (inputs) =>
    inputs.map((records) => records.map(({ rec, timestampMs }) => ({ rec, timestampMs: timestampMs + ms })));
const backwards = (inputs: Streams): Streams => inputs.map((records) => records.toReversed());
const moreB = (gene: Gene): Gene => ({ ...gene, b: gene.b + 1 });
const moreC = (gene: Gene): Gene => ({ ...gene, c: gene.c + 1 });

describe("caught: a stage that does something a little different", () => {
  test.each<[stage: string, bug: string, broken: (real: Interpret) => Interpret]>([
    ["every-state", "timers are a ms later", otherwise(moreB)],
    ["every-state", "records in another order", before(backwards)],
    ["put-off", "timers wait a ms longer", otherwise(moreB)],
    ["put-off", "records in another order", before(backwards)],
    ["repeat", "the next timer is a ms later", otherwise(moreB)],
    ["repeat", "timers fire a ms late", before(later(1))],
    ["rolling", "another fold", otherwise((gene) => ({ ...gene, a: gene.a + 1 }))],
    ["rolling", "records in another order", before(backwards)],
    ["tumbling", "windows begin a ms late", before(later(-1))],
    ["tumbling", "another function", otherwise(moreC)],
    ["sliding", "windows begin a ms late", before(later(-1))],
    ["session", "another gap", otherwise(moreB)],
    ["count-window", "another slide", otherwise(moreB)],
    ["count-window", "records in another order", before(backwards)],
    ["early-window", "fires with another count", otherwise(moreB)],
    ["early-window", "windows begin a ms late", before(later(-1))],
    ["global-window", "fires with another count", otherwise(moreB)],
    ["join-by-time", "the sides are exchanged", before((inputs) => inputs.toReversed())],
    [
      "as-of-join",
      "the left side is a ms early",
      before(([left = [], right = []]) => [later(-1)([left])[0] ?? [], right]),
    ],
    [
      "as-of-join",
      "the right side is a ms late",
      before(([left = [], right = []]) => [left, later(1)([right])[0] ?? []]),
    ],
    ["timestamps", "another time", otherwise((gene) => ({ ...gene, a: gene.a + 1 }))],
    ["connect", "the sides are exchanged", before((inputs) => inputs.toReversed())],
    ["side-output", "the outputs are exchanged", after((made) => made.toReversed())],
    ["sort", "the times are turned round", after(backwards)],
  ])("%s: %s", async (stage, _bug, broken) => {
    expect(await runsUntilCaught(stage, broken)).toBeDefined();
  });
});
