/** What the compiler infers of windows: the window's type from the assigner, results from the functions. Checked by `tsc`; nothing here runs. */
import { expectTypeOf } from "vitest";
import { OutputTag, count, delta, global, purging, session, sliding, tumbling, value } from "../../core/index.ts";
import type {
  AggregateFunction,
  Collector,
  DataStream,
  GlobalWindow,
  KeyedStream,
  TimeWindow,
  WindowResult,
  WindowedStream,
} from "../../core/index.ts";

interface Click {
  readonly user: string;
  readonly atMs: number;
}

declare const byUser: KeyedStream<string, Click>;

class Mean implements AggregateFunction<Click, { sum: number; count: number }, number> {
  createAccumulator(): { sum: number; count: number } {
    return { sum: 0, count: 0 };
  }

  add(click: Click, { sum, count: soFar }: { sum: number; count: number }): { sum: number; count: number } {
    return { sum: sum + click.atMs, count: soFar + 1 };
  }

  getResult({ sum, count: all }: { sum: number; count: number }): number {
    return sum / all;
  }
}

export function assigners(): void {
  expectTypeOf(byUser.window(tumbling("1min"))).toEqualTypeOf<WindowedStream<string, Click, TimeWindow>>();
  expectTypeOf(byUser.window(sliding("1min", "1s", { time: "processing" }))).toEqualTypeOf<
    WindowedStream<string, Click, TimeWindow>
  >();
  expectTypeOf(byUser.window(global())).toEqualTypeOf<WindowedStream<string, Click, GlobalWindow>>();
  expectTypeOf(byUser.countWindow(3)).toEqualTypeOf<WindowedStream<string, Click, GlobalWindow>>();
  byUser.window(
    session((click) => {
      expectTypeOf(click).toEqualTypeOf<Click>();
      return click.atMs > 0 ? 10 : 20;
    }),
  );
  // @ts-expect-error no duration
  byUser.window(tumbling("soon"));
}

export function triggers(): void {
  const windowed = byUser.window(global());
  expectTypeOf(windowed.trigger(purging(count(3)))).toEqualTypeOf<WindowedStream<string, Click, GlobalWindow>>();
  windowed.trigger(
    delta(50, (from, to) => {
      expectTypeOf(from).toEqualTypeOf<Click>();
      return to.atMs - from.atMs;
    }),
  );
  windowed.trigger({
    state: { seen: value({ default: 0 }) },
    onElement(click, timestampMs, window, ctx) {
      expectTypeOf(click).toEqualTypeOf<Click>();
      expectTypeOf(window).toEqualTypeOf<GlobalWindow>();
      expectTypeOf(ctx.state.seen.value()).toEqualTypeOf<number>();
      return timestampMs > 0 ? "fire" : "continue";
    },
    onEventTime: () => "continue",
    onProcessingTime: () => "purge",
  });
}

export function reduced(): void {
  const windowed = byUser.window(tumbling("1min"));
  expectTypeOf(windowed.reduce((left, right) => (left.atMs > right.atMs ? left : right))).toEqualTypeOf<
    DataStream<WindowResult<string, TimeWindow, Click>>
  >();
  const processed = windowed.reduce((_left, right) => right, {
    process(ctx, elements, out: Collector<string>) {
      expectTypeOf(ctx.key).toEqualTypeOf<string>();
      expectTypeOf(ctx.window).toEqualTypeOf<TimeWindow>();
      for (const click of elements) expectTypeOf(click).toEqualTypeOf<Click>();
      out.collect(ctx.key);
    },
  });
  expectTypeOf(processed).toEqualTypeOf<DataStream<string>>();
}

export function aggregated(): void {
  const windowed = byUser.window(sliding("1min", "10s"));
  const counts = windowed.aggregate({
    createAccumulator: () => 0,
    add: (click, soFar) => soFar + click.atMs,
    getResult: (soFar) => `${soFar}`,
    merge: (left, right) => left + right,
  });
  expectTypeOf(counts).toEqualTypeOf<DataStream<WindowResult<string, TimeWindow, string>>>();
  expectTypeOf(windowed.aggregate(Mean)).toEqualTypeOf<DataStream<WindowResult<string, TimeWindow, number>>>();
  const described = windowed.aggregate(new Mean(), {
    state: { highest: value<number>() },
    windowState: { firings: value({ default: 0 }) },
    process(ctx, means, out: Collector<{ user: string; mean: number; firings: number }>) {
      expectTypeOf(ctx.state.highest.value()).toEqualTypeOf<number | undefined>();
      expectTypeOf(ctx.windowState.firings.value()).toEqualTypeOf<number>();
      for (const mean of means) out.collect({ user: ctx.key, mean, firings: ctx.windowState.firings.value() });
      // @ts-expect-error a wrong shape
      out.collect(1);
    },
  });
  expectTypeOf(described).toEqualTypeOf<DataStream<{ user: string; mean: number; firings: number }>>();
}

export function collected(): void {
  const late = new OutputTag<Click>("late");
  const windowed = byUser.window(tumbling("1min")).allowedLateness("30s").sideOutputLateData(late);
  const firsts = windowed.process({
    process(ctx, clicks, out: Collector<number>) {
      for (const click of clicks) out.collect(click.atMs - ctx.window.startMs);
    },
  });
  expectTypeOf(firsts).toEqualTypeOf<DataStream<number>>();
  expectTypeOf(firsts.getSideOutput(late)).toEqualTypeOf<DataStream<Click>>();
  // @ts-expect-error late clicks are clicks
  windowed.sideOutputLateData(new OutputTag<{ user: string; atMs: number; page: string }>("late"));
}
