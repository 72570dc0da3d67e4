/** Windows of event time with their usual trigger: tumbling, sliding, and sessions. Nothing is late, whatever lateness is allowed. */
import { OutputTag, session, sliding, tumbling } from "../../../../core/index.ts";
import type { DataStream, WindowAssigner } from "../../../../core/index.ts";
import { grouped, sessions, spansAround, windowed } from "../naive.ts";
import type { Content } from "../naive.ts";
import { byKey, ofOne, own, ownCode, pick } from "../stage.ts";
import type { Facts, Gene, Rec, Stage, Timed } from "../stage.ts";
import { ANY_WINDOW, GRID_WINDOW, codeOfResult, interpretResult, resultsOf } from "./window-results.ts";
import type { WindowFunction } from "./window-results.ts";

interface Windows {
  readonly fn: WindowFunction;
  readonly code: string;
  readonly assigner: WindowAssigner<Rec>;
  contents(group: readonly Timed[]): Content[];
}

function madeFrom(windowsOf: (gene: Gene) => Windows, fits: (input: Facts) => boolean): Stage {
  return ofOne({
    facts: (input, { parallelism }) => {
      const facts: Facts = { ordered: true, loose: parallelism > 0, spaced: false };
      return fits(input) ? [facts, { ...facts, sinkOnly: true }] : undefined;
    },
    code: (input, gene, name) => {
      const { code, fn } = windowsOf(gene);
      const lateness = latenessOf(gene) > 0 ? `.allowedLateness(${latenessOf(gene)})` : "";
      return `${input}.keyBy(byKey).window(${code})${lateness}.sideOutputLateData(late).${codeOfResult(fn)}${ownCode(gene)}; ${name}.1 = ${name}.getSideOutput(late)`;
    },
    build: (stream, gene, name) => built(stream, { windows: windowsOf(gene), gene, name }),
    interpret: (records, gene, name) => [interpreted(records, windowsOf(gene), name), []],
  });
}

function built(
  stream: DataStream<Rec>,
  { windows, gene, name }: { readonly windows: Windows; readonly gene: Gene; readonly name: string },
): readonly DataStream<Rec>[] {
  const late = new OutputTag<Rec>(`late-${name}`);
  const stage = stream.keyBy(byKey).window(windows.assigner).sideOutputLateData(late);
  const { results, operator } = resultsOf(stage.allowedLateness(latenessOf(gene)), {
    fn: windows.fn,
    gene,
    name,
    sourceOf: () => name,
  });
  return [
    results,
    own(
      operator.getSideOutput(late).map((record) => record),
      gene,
    ),
  ];
}

function interpreted(records: readonly Timed[], { contents, fn }: Windows, name: string): Timed[] {
  return [...grouped(records, ({ rec }) => rec.key)].flatMap(([key, group]) =>
    contents(group).map(({ startMs, endMs, elements }, at) => {
      const firing = { elements: elements.map(({ rec }) => rec), startMs, ofKey: at + 1, ofWindow: 1 };
      return { rec: { src: name, key, n: interpretResult(fn, firing) }, timestampMs: endMs - 1 };
    }),
  );
}

/** Nobody needs it, but it takes other paths. */
function latenessOf({ b }: Gene): number {
  return b % 3 === 0 ? 10 : 0;
}

function tumblingOf({ a, b, c }: Gene): Windows {
  const [sizeMs, offsetMs] = [5 + (a % 5) * 9, b % 5];
  return {
    fn: pick(GRID_WINDOW, c),
    code: `tumbling(${sizeMs}, { offset: ${offsetMs} })`,
    assigner: tumbling(sizeMs, { offset: offsetMs }),
    contents: (group) =>
      windowed(group, ({ timestampMs }) => spansAround(timestampMs, { sizeMs, slideMs: sizeMs, offsetMs })),
  };
}

/** Slides that divide the size, that do not, and that are longer. */
function slidingOf({ a, b, c }: Gene): Windows {
  const [sizeMs, slideMs, offsetMs] = [12 + (a % 3) * 9, 6 + (b % 4) * 7, b % 6];
  return {
    fn: pick(GRID_WINDOW, c),
    code: `sliding(${sizeMs}, ${slideMs}, { offset: ${offsetMs} })`,
    assigner: sliding(sizeMs, slideMs, { offset: offsetMs }),
    contents: (group) => windowed(group, ({ timestampMs }) => spansAround(timestampMs, { sizeMs, slideMs, offsetMs })),
  };
}

function sessionOf({ a, b, c }: Gene): Windows {
  const gapMs = 2 + (b % 4) * 3;
  const gapOf = ({ n }: Rec): number => (a % 2 === 0 ? gapMs : gapMs + (n % 5));
  return {
    fn: pick(ANY_WINDOW, c),
    code: a % 2 === 0 ? `session(${gapMs})` : `session(({ n }) => ${gapMs} + (n % 5))`,
    assigner: a % 2 === 0 ? session(gapMs) : session(gapOf),
    contents: (group) => sessions(group, ({ rec }) => gapOf(rec)),
  };
}

export const TUMBLING: Stage = madeFrom(tumblingOf, () => true);
export const SLIDING: Stage = madeFrom(slidingOf, () => true);
export const SESSION: Stage = madeFrom(sessionOf, ({ spaced }) => spaced);
