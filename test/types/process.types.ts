/**
 * What the compiler infers of process functions: state handles from declarations, outputs from the collector's annotation, nothing else written down.
 * Checked by `tsc`; nothing here runs.
 */
import { expectTypeOf } from "vitest";
import { OutputTag, aggregating, list, map, operatorList, reducing, unionList, value } from "../../core/index.ts";
import type {
  AggregatingState,
  Collector,
  DataStream,
  KeyedProcessContext,
  KeyedProcessFunction,
  KeyedStream,
  ListState,
  MapState,
  OperatorListState,
  ProcessContext,
  ReducingState,
} from "../../core/index.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

interface Greeting {
  readonly user: string;
  readonly seen: number;
}

declare const visits: DataStream<Visit>;
declare const byUser: KeyedStream<string, Visit>;

export function everythingButTheOutputIsInferred(): void {
  const greetings = byUser.process({
    state: { seen: value({ default: 0 }), last: value<Date>() },
    processElement(visit, ctx, out: Collector<Greeting>) {
      expectTypeOf(visit).toEqualTypeOf<Visit>();
      expectTypeOf(ctx.key).toEqualTypeOf<string>();
      expectTypeOf(ctx.state.seen.value()).toEqualTypeOf<number>();
      expectTypeOf(ctx.state.last.value()).toEqualTypeOf<Date | undefined>();
      ctx.state.seen.update(ctx.state.seen.value() + 1);
      ctx.timers.registerEventTime(visit.at + 60_000);
      out.collect({ user: ctx.key, seen: 1 });
      // @ts-expect-error a wrong shape
      out.collect({ user: ctx.key });
      // @ts-expect-error a state that was not declared
      void ctx.state.unknown;
      // @ts-expect-error a value of another type
      ctx.state.seen.update("one");
    },
    onTimer(timeMs, ctx, out) {
      expectTypeOf(timeMs).toEqualTypeOf<number>();
      expectTypeOf(ctx.timeDomain).toEqualTypeOf<"event" | "processing">();
      expectTypeOf(ctx.state.seen.value()).toEqualTypeOf<number>();
      out.collect({ user: ctx.key, seen: ctx.state.seen.value() });
      // @ts-expect-error a wrong shape, as in processElement
      out.collect(1);
    },
  });
  expectTypeOf(greetings).toEqualTypeOf<DataStream<Greeting>>();
}

export function everyKindOfStateHasItsHandle(): void {
  byUser.process({
    state: {
      list: list<Visit>(),
      map: map<string, number>(),
      reducing: reducing<number>((left, right) => left + right),
      aggregating: aggregating({
        createAccumulator: () => 0,
        add: (visit: Visit, sum) => sum + visit.at,
        getResult: (sum) => String(sum),
      }),
      split: operatorList<boolean>(),
      union: unionList<bigint>(),
      ttl: value<string>({ ttl: "1h" }),
    },
    processElement(visit, ctx, out: Collector<never>) {
      expectTypeOf(ctx.state.list).toEqualTypeOf<ListState<Visit>>();
      expectTypeOf(ctx.state.map).toEqualTypeOf<MapState<string, number>>();
      expectTypeOf(ctx.state.reducing).toEqualTypeOf<ReducingState<number>>();
      expectTypeOf(ctx.state.aggregating).toEqualTypeOf<AggregatingState<Visit, string>>();
      expectTypeOf(ctx.state.split).toEqualTypeOf<OperatorListState<boolean>>();
      expectTypeOf(ctx.state.union).toEqualTypeOf<OperatorListState<bigint>>();
      expectTypeOf(ctx.state.ttl.value()).toEqualTypeOf<string | undefined>();
      void [visit, out];
    },
  });
}

export function withoutStateThereIsNone(): void {
  byUser.process({
    processElement(visit, ctx, out: Collector<number>) {
      out.collect(visit.at);
      // @ts-expect-error nothing was declared
      void ctx.state.seen;
    },
  });
}

class CountVisits implements KeyedProcessFunction<string, Visit, Greeting, CountVisits["state"]> {
  readonly state = { seen: value({ default: 0 }) };

  processElement(visit: Visit, ctx: KeyedProcessContext<string, CountVisits["state"]>, out: Collector<Greeting>): void {
    out.collect({ user: visit.user, seen: ctx.state.seen.value() + 1 });
  }
}

export function classesAndInstancesAreTaken(): void {
  expectTypeOf(byUser.process(CountVisits)).toEqualTypeOf<DataStream<Greeting>>();
  expectTypeOf(byUser.process(new CountVisits())).toEqualTypeOf<DataStream<Greeting>>();
  const byTime = visits.map((visit) => visit.at).keyBy((at) => String(at));
  // @ts-expect-error the class takes visits, not numbers
  byTime.process(CountVisits);
}

export function withoutAKeyThereAreOnlyListsAndNoTimers(): void {
  const buffered = visits.process({
    state: { buffer: operatorList<number>() },
    processElement(visit, ctx, out: Collector<number>) {
      expectTypeOf(ctx.state.buffer.get()).toEqualTypeOf<readonly number[]>();
      ctx.state.buffer.add(visit.at);
      out.collect(visit.at);
      // @ts-expect-error no key
      void ctx.key;
      // @ts-expect-error no timers
      void ctx.timers;
    },
  });
  expectTypeOf(buffered).toEqualTypeOf<DataStream<number>>();
  visits.process({
    // @ts-expect-error state per key needs a key
    state: { seen: value({ default: 0 }) },
    processElement(visit: Visit, ctx: ProcessContext, out: Collector<number>) {
      void [visit, ctx, out];
    },
  });
  visits.process({
    processElement(visit: Visit, ctx: ProcessContext, out: Collector<number>) {
      void [visit, ctx, out];
    },
    // @ts-expect-error timers need a key
    onTimer() {},
  });
}

export function sideOutputsCarryTheirType(): void {
  const late = new OutputTag<Visit>("late");
  const main = byUser.process({
    processElement(visit, ctx, out: Collector<number>) {
      ctx.output(late, visit);
      // @ts-expect-error the tag is for visits
      ctx.output(late, visit.at);
      // @ts-expect-error part of a visit is no visit
      ctx.output(late, { user: visit.user });
      out.collect(visit.at);
    },
  });
  expectTypeOf(main.getSideOutput(late)).toEqualTypeOf<DataStream<Visit>>();
}

export function twoInputs(): void {
  const numbers = visits.map((visit) => visit.at);
  const joined = numbers.connect(visits).process({
    processElement1(at, ctx, out: Collector<string>) {
      expectTypeOf(at).toEqualTypeOf<number>();
      out.collect(String(at));
    },
    processElement2(visit, ctx, out) {
      expectTypeOf(visit).toEqualTypeOf<Visit>();
      out.collect(visit.user);
      // @ts-expect-error the collector takes text
      out.collect(visit.at);
    },
  });
  expectTypeOf(joined).toEqualTypeOf<DataStream<string>>();

  const keyed = byUser.connect(byUser).process({
    state: { open: value({ default: false }) },
    processElement1(left, ctx, out: Collector<Visit>) {
      expectTypeOf(ctx.state.open.value()).toEqualTypeOf<boolean>();
      out.collect(left);
    },
    processElement2(right, ctx, out) {
      expectTypeOf(ctx.key).toEqualTypeOf<string>();
      out.collect(right);
    },
    onTimer(timeMs, ctx, out) {
      void [timeMs, ctx.state.open, out];
    },
  });
  expectTypeOf(keyed).toEqualTypeOf<DataStream<Visit>>();

  numbers
    .connect(visits)
    .keyBy(
      (at) => at,
      (visit) => visit.at,
    )
    .process({
      processElement1(at, ctx, out: Collector<number>) {
        expectTypeOf(ctx.key).toEqualTypeOf<number>();
        out.collect(at);
      },
      processElement2() {},
    });
  // @ts-expect-error keys of different types never meet
  byUser.connect(visits.keyBy((visit) => visit.at));
}
