/** Windows whose trigger is not the usual one: one of one's own, and those by count and by difference on global windows. */
import { count, delta, eventTime, global, purging, reducing, sliding, tumbling } from "../../../../core/index.ts";
import type { KeyedStream, TimeWindow, Trigger, WindowedStream } from "../../../../core/index.ts";
import { grouped, spansAround, windowed } from "../naive.ts";
import { byKey, byOrigin, ofOne, originOf, own, ownCode, pick } from "../stage.ts";
import type { Gene, Rec, Stage, Timed } from "../stage.ts";
import { codeOfResult, interpretResult, resultsOf } from "./window-results.ts";
import type { WindowFunction } from "./window-results.ts";

/** Those that do not count the firings of a key over all its windows: windows fire early in the order of the records, and at their end when time comes. */
const EARLY_FUNCTIONS = ["reduce", "aggregate", "reduce + process", "process", "process, windowState"] as const;

/** Every so many records, and at the end of the window. */
function everyAndAtEnd(
  every: number,
): Trigger<Rec, TimeWindow, { readonly count: ReturnType<typeof reducing<number>> }> {
  return {
    time: "event",
    state: { count: reducing<number>((left, right) => left + right) },
    onElement(_record, _timestampMs, window, ctx) {
      ctx.registerEventTime(window.endMs - 1);
      ctx.state.count.add(1);
      return (ctx.state.count.get() ?? 0) % every === 0 ? "fire" : "continue";
    },
    onEventTime: (timeMs, window) => (timeMs === window.endMs - 1 ? "fire" : "continue"),
    onProcessingTime: () => "continue",
    clear: (window, ctx) => ctx.deleteEventTime(window.endMs - 1),
  };
}

interface Early {
  readonly every: number;
  readonly purges: boolean;
  readonly fn: WindowFunction;
  readonly grid: { readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number };
}

function earlyOf({ a, b, c }: Gene): Early {
  const slideMs = 15 + (a % 3) * 8;
  const grid = { sizeMs: a % 2 === 0 ? slideMs : slideMs * 2, slideMs, offsetMs: 0 };
  return { every: 2 + (b % 3), purges: b % 2 === 0, fn: pick(EARLY_FUNCTIONS, c), grid };
}

/** Fires early, in the order of the records, and so is keyed by origin. Each window has a lane of its own, since ends mix with early firings. */
export const EARLY_WINDOW: Stage = ofOne({
  facts: ({ ordered }, { parallelism }) =>
    ordered ? [{ ordered: true, loose: parallelism > 0, spaced: false }] : undefined,
  code: (input, gene) => {
    const { every, purges, fn, grid } = earlyOf(gene);
    const assigner =
      grid.sizeMs === grid.slideMs ? `tumbling(${grid.sizeMs})` : `sliding(${grid.sizeMs}, ${grid.slideMs})`;
    const trigger = `every ${every} records and at the end`;
    return `${input}.keyBy(byOrigin).window(${assigner}).trigger(${purges ? `purging(${trigger})` : trigger}).${codeOfResult(fn)}${ownCode(gene)}`;
  },
  build: (stream, gene, name) => {
    const { every, purges, fn, grid } = earlyOf(gene);
    const { sizeMs, slideMs } = grid;
    const windows = stream
      .keyBy(byOrigin)
      .window(sizeMs === slideMs ? tumbling<Rec>(sizeMs) : sliding<Rec>(sizeMs, slideMs));
    const trigger = everyAndAtEnd(every);
    const triggered = windows.trigger(purges ? purging(trigger) : trigger);
    const { results } = resultsOf(triggered, { fn, gene, name, sourceOf: (startMs) => `#${startMs}` });
    return [
      own(
        results.map((result) => unkeyed(result, name)),
        gene,
      ),
    ];
  },
  interpret: (records, gene, name) => [
    [...grouped(records, ({ rec }) => byOrigin(rec))].flatMap(([key, group]) =>
      windowed(group, ({ timestampMs }) => spansAround(timestampMs, earlyOf(gene).grid)).flatMap(
        ({ startMs, endMs, elements }) =>
          firingsOf(elements, earlyOf(gene)).map((fired, at) => {
            const firing = { elements: fired.map(({ rec }) => rec), startMs, ofKey: 0, ofWindow: at + 1 };
            const n = interpretResult(earlyOf(gene).fn, firing);
            return { rec: unkeyed({ src: `#${startMs}`, key, n }, name), timestampMs: endMs - 1 };
          }),
      ),
    ),
  ],
});

/** What each firing of a window has in it. The last one is that of its end. */
function firingsOf(elements: readonly Timed[], { every, purges }: Early): readonly (readonly Timed[])[] {
  const firings: (readonly Timed[])[] = [];
  for (let end = every; end <= elements.length; end += every)
    firings.push(elements.slice(purges ? end - every : 0, end));
  const left = elements.slice(elements.length - (elements.length % every));
  if (!purges) firings.push(elements);
  else if (left.length > 0) firings.push(left);
  return firings;
}

/** Results carry the whole origin as their key: it becomes origin and key again, with the start of the window. */
function unkeyed({ src, key: origin, n }: Rec, name: string): Rec {
  const { src: before, key } = originOf(origin);
  return { src: `${before}@${name}${src}`, key, n };
}

type Everything = WindowedStream<string, Rec, TimeWindow>;

interface GlobalWindows {
  readonly code: (every: number) => string;
  triggered(stream: KeyedStream<string, Rec>, every: number): Everything;
  /** What each firing has in it. */
  firings(elements: readonly Timed[], every: number): readonly (readonly Timed[])[];
}

const differs = (every: number, from: Rec, to: Rec): boolean => Math.abs(to.n - from.n) > every * 8;
const distance = (from: Rec, to: Rec): number => Math.abs(to.n - from.n);

const GLOBAL_WINDOWS: readonly [GlobalWindows, ...GlobalWindows[]] = [
  {
    code: (every) => `purging(count(${every}))`,
    triggered: (stream, every) => stream.window(global<Rec>()).trigger(purging(count<Rec>(every))),
    firings: (elements, every) =>
      Array.from({ length: Math.floor(elements.length / every) }, (_, at) =>
        elements.slice(at * every, (at + 1) * every),
      ),
  },
  {
    code: (every) => `count(${every})`,
    triggered: (stream, every) => stream.window(global<Rec>()).trigger(count<Rec>(every)),
    firings: (elements, every) =>
      Array.from({ length: Math.floor(elements.length / every) }, (_, at) => elements.slice(0, (at + 1) * every)),
  },
  {
    code: (every) => `purging(delta(${every * 8}, difference of n))`,
    triggered: (stream, every) => stream.window(global<Rec>()).trigger(purging(delta<Rec>(every * 8, distance))),
    firings(elements, every) {
      const firings: (readonly Timed[])[] = [];
      const held: Timed[] = [];
      let last: Rec | undefined;
      for (const timed of elements) {
        held.push(timed);
        if (last !== undefined && !differs(every, last, timed.rec)) continue;
        if (last !== undefined) firings.push(held.splice(0));
        last = timed.rec;
      }
      return firings;
    },
  },
];

const GLOBAL_FUNCTIONS = ["reduce", "aggregate", "aggregate + process", "reduce + process", "process"] as const;

export const GLOBAL_WINDOW: Stage = ofOne({
  facts: ({ ordered, spaced }, { parallelism }) =>
    ordered ? [{ ordered: true, loose: parallelism > 0, spaced }] : undefined,
  code: (input, gene) =>
    `${input}.keyBy(byOrigin).window(global()).trigger(${pick(GLOBAL_WINDOWS, gene.a).code(2 + (gene.b % 3))}).${codeOfResult(pick(GLOBAL_FUNCTIONS, gene.c))}${ownCode(gene)}`,
  build: (stream, gene, name) => {
    const triggered = pick(GLOBAL_WINDOWS, gene.a).triggered(stream.keyBy(byOrigin), 2 + (gene.b % 3));
    const { results } = resultsOf(triggered, { fn: pick(GLOBAL_FUNCTIONS, gene.c), gene, name, sourceOf: () => "" });
    return [
      own(
        results.map((result) => unkeyed(result, name)),
        gene,
      ),
    ];
  },
  interpret: (records, { a, b, c }, name) => [
    [...grouped(records, ({ rec }) => byOrigin(rec))].flatMap(([key, group]) =>
      pick(GLOBAL_WINDOWS, a)
        .firings(group, 2 + (b % 3))
        .map((fired, at) => {
          const firing = { elements: fired.map(({ rec }) => rec), startMs: 0, ofKey: at + 1, ofWindow: at + 1 };
          const n = interpretResult(pick(GLOBAL_FUNCTIONS, c), firing);
          return { rec: unkeyed({ src: "", key, n }, name), timestampMs: fired.at(-1)?.timestampMs ?? NaN };
        }),
    ),
  ],
});

/** Everything of a key, once, when the input ends; beyond all time, and so for the sink. */
export const WHOLE_INPUT: Stage = ofOne({
  facts: (_input, { parallelism }) => [{ ordered: true, loose: parallelism > 0, spaced: false, sinkOnly: true }],
  code: (input, gene) =>
    `${input}.keyBy(byKey).window(global()).trigger(eventTime()).${codeOfResult(pick(GLOBAL_FUNCTIONS, gene.c))}${ownCode(gene)}`,
  build: (stream, gene, name) => {
    const triggered = stream.keyBy(byKey).window(global<Rec>()).trigger(eventTime<Rec>());
    const { results } = resultsOf(triggered, { fn: pick(GLOBAL_FUNCTIONS, gene.c), gene, name, sourceOf: () => name });
    return [results];
  },
  interpret: (records, { c }, name) => [
    [...grouped(records, ({ rec }) => rec.key)].map(([key, group]) => {
      const firing = { elements: group.map(({ rec }) => rec), startMs: 0, ofKey: 1, ofWindow: 1 };
      return { rec: { src: name, key, n: interpretResult(pick(GLOBAL_FUNCTIONS, c), firing) }, timestampMs: Infinity };
    }),
  ],
});
