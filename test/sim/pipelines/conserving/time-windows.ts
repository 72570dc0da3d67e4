/**
 * Windows of event time over records of which some are late.
 *
 * Laws: what is in windows and what came late are together the input; a window has what belongs to it, each record once; it fires once, in the order of the
 * ends of a key's windows; where late records are allowed or windows fire early, a later firing only adds. Sessions that have fired lie apart, or the later
 * one has swallowed the earlier.
 */
import { OutputTag, continuousEventTime, session, sliding, tumbling } from "../../../../core/index.ts";
import type { Collector, TimeWindow, WindowAssigner } from "../../../../core/index.ts";
import { firstOf, lanesOf, notTheSame, repeated } from "./law.ts";
import type { ConservingKind } from "./law.ts";
import type { Numbered } from "./numbered.ts";

export interface TimeWindows {
  readonly kind: "time-windows";
  readonly assigner: "tumbling" | "sliding" | "session";
  readonly sizeMs: number;
  /** Of sliding windows; not above the size. */
  readonly slideMs: number;
  readonly latenessMs: number;
  /** 0: windows fire only at their end. Not for sessions. */
  readonly earlyMs: number;
}

interface Firing {
  readonly window: TimeWindow;
  readonly ids: readonly number[];
}

const FIRED = "fired/";
const LATE = "late/";

export const TIME_WINDOWS: ConservingKind<TimeWindows> = {
  code: (windows) => {
    const early = firesEarly(windows) ? `.trigger(continuousEventTime(${windows.earlyMs}))` : "";
    return `numbered.keyBy(key).window(${codeOf(windows)})${early}.allowedLateness(${windows.latenessMs}).sideOutputLateData(late).process(all ids)`;
  },
  build(records, windows, write) {
    const late = new OutputTag<Numbered>("late");
    const stage = records.keyBy(({ key }) => key).window(assignerOf(windows));
    const triggered = firesEarly(windows) ? stage.trigger(continuousEventTime<Numbered>(windows.earlyMs)) : stage;
    const fired = triggered
      .allowedLateness(windows.latenessMs)
      .sideOutputLateData(late)
      .process({
        process({ key, window }, elements, out: Collector<Firing & { readonly key: string }>) {
          out.collect({ key, window, ids: [...elements].map(({ id }) => id) });
        },
      })
      .uid("windows");
    write(
      fired.map(({ key, window, ids }) => ({ lane: `${FIRED}${key}`, value: { window, ids } })),
      "fired",
    );
    write(
      fired.getSideOutput(late).map(({ key, id }) => ({ lane: `${LATE}${key}`, value: id })),
      "late",
    );
  },
  broken(written, windows, input) {
    const fired = lanesOf<Firing>(written, FIRED);
    const late = [...lanesOf<number>(written, LATE).values()].flat();
    const known = new Map(input.map((record) => [record.id, record]));
    const inWindows = [...new Set([...fired.values()].flat().flatMap(({ ids }) => ids))];
    const onceInAll = notTheSame(
      [...inWindows, ...late],
      input.map(({ id }) => id),
      "in a window or late",
    );
    if (onceInAll !== undefined) return onceInAll;
    return firstOf(fired, ([key, firings]) => {
      const where = firstOf(firings, (firing) => misplaced(firing, { key, windows, known }));
      if (where !== undefined) return where;
      if (windows.assigner === "session") return overlapping(key, firings) ?? outOfOrder(key, firings, windows);
      return shrinking(key, firings, windows) ?? outOfOrder(key, firings, windows);
    });
  },
};

function firesEarly({ assigner, earlyMs }: TimeWindows): boolean {
  return assigner !== "session" && earlyMs > 0;
}

function assignerOf({ assigner, sizeMs, slideMs }: TimeWindows): WindowAssigner<Numbered> {
  if (assigner === "session") return session(sizeMs);
  return assigner === "tumbling" ? tumbling(sizeMs) : sliding(sizeMs, slideMs);
}

function codeOf({ assigner, sizeMs, slideMs }: TimeWindows): string {
  return `${assigner}(${assigner === "sliding" ? `${sizeMs}, ${slideMs}` : sizeMs})`;
}

const nameOf = (key: string, { startMs, endMs }: TimeWindow): string => `the window ${startMs}..${endMs} of ${key}`;

function misplaced(
  { window, ids }: Firing,
  context: {
    readonly key: string;
    readonly windows: TimeWindows;
    readonly known: ReadonlyMap<number, Numbered>;
  },
): string | undefined {
  const name = nameOf(context.key, window);
  if (ids.length === 0) return `${name} fired with nothing in it`;
  const twice = repeated(ids);
  if (twice !== undefined) return `${name} has record ${twice} twice`;
  const records = ids.flatMap((id) => context.known.get(id) ?? []);
  const stranger = records.find(
    ({ key, atMs }) => key !== context.key || atMs < window.startMs || atMs >= window.endMs,
  );
  if (stranger !== undefined) return `${name} has record ${stranger.id} of ${stranger.key} at ${stranger.atMs}`;
  if (context.windows.assigner !== "session") return undefined;
  const times = records.map(({ atMs }) => atMs);
  const fits = Math.min(...times) === window.startMs && Math.max(...times) + context.windows.sizeMs === window.endMs;
  return fits ? undefined : `${name} is not as long as its records ${ids.join(", ")}`;
}

/** Only one firing, or each has all that the one before had, and in that order. */
function shrinking(key: string, firings: readonly Firing[], windows: TimeWindows): string | undefined {
  const before = new Map<number, readonly number[]>();
  return firstOf(firings, ({ window, ids }) => {
    const earlier = before.get(window.startMs);
    before.set(window.startMs, ids);
    if (earlier === undefined) return undefined;
    const name = `${nameOf(key, window)} fired with ${earlier.join(", ")}, and then with ${ids.join(", ")}`;
    if (!firesEarly(windows) && windows.latenessMs === 0) return `${name}, though nothing late is allowed`;
    if (!earlier.every((id, at) => ids[at] === id)) return name;
    return firesEarly(windows) || ids.length > earlier.length ? undefined : `${name}, without anything new`;
  });
}

/** Nobody fires behind a window with a later end, if windows fire only once. */
function outOfOrder(key: string, firings: readonly Firing[], windows: TimeWindows): string | undefined {
  if (firesEarly(windows) || windows.latenessMs > 0) return undefined;
  return firstOf(firings.entries(), ([at, { window }]) => {
    const before = firings[at - 1];
    if (before === undefined || before.window.endMs < window.endMs) return undefined;
    return `${nameOf(key, window)} fired behind ${nameOf(key, before.window)}`;
  });
}

function overlapping(key: string, firings: readonly Firing[]): string | undefined {
  return firstOf(firings.entries(), ([at, later]) =>
    firstOf(firings.slice(0, at), (earlier) => {
      const shared = earlier.ids.filter((id) => later.ids.includes(id)).length;
      if (shared === 0 || (shared === earlier.ids.length && later.ids.length > shared)) return undefined;
      return `${nameOf(key, earlier.window)} and then ${nameOf(key, later.window)} share ${shared} records, and the later has not got more`;
    }),
  );
}
