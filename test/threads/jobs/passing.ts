/**
 * Small jobs whose results the client collects, one for each thing that crosses threads: the first argument chooses.
 *
 * Out: to a listener in the process, which the test leaves in `globalThis`; the same graph without one in the threads.
 */
import { Observable } from "rxjs";
import { defineJob, OutputTag, WatermarkStrategy } from "millrace";
import type { Collector, DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { fromObservable } from "millrace/connectors/rxjs";

/** What the test leaves under this symbol. */
export type Listen = (results: AsyncIterable<unknown>) => void;
export const LISTENER: unique symbol = Symbol.for("millrace.test.listener");

type Build = (env: StreamExecutionEnvironment) => DataStream<unknown>;

const odd = new OutputTag<string>("odd");

const STREAMS: Readonly<Record<string, Build>> = {
  "a side output"(env) {
    const even = env.fromSequence(1, 100).process({
      processElement(n, ctx, out: Collector<number>) {
        if (n % 2 === 0) out.collect(n);
        else ctx.output(odd, `${n} is odd`);
      },
    });
    return even
      .getSideOutput(odd)
      .rebalance()
      .map((text) => `${text}, they say`);
  },
  "a broadcast": (env) =>
    env
      .fromSequence(1, 20)
      .broadcast()
      .map((n) => n * 10),
  "every kind of value": (env) =>
    env
      .fromData<unknown>(...kinds())
      .rebalance()
      .map((it) => it),
  "an Observable": (env) =>
    env
      .fromSource(
        fromObservable(() => upTo(50)),
        WatermarkStrategy.noWatermarks(),
        "observable",
      )
      .rebalance()
      .map((n) => n),
  "a function": (env) =>
    env
      .fromSequence(1, 3)
      .map((n) => ({ n, nested: { run: () => n } }))
      .name("packs functions")
      .rebalance()
      .map((it) => it.n),
};

/** What "every kind of value" sends. */
export function kinds(): readonly unknown[] {
  const bytes = new Uint8Array([0, 1, 255]);
  const nested = { list: [1, [2, { deep: "é \u{1F600}" }]], map: new Map([["a", new Set([1n])]]) };
  return [0, -0, NaN, 2 ** 53, 12n, "", "text", true, null, undefined, new Date(5), bytes, nested, { gone: undefined }];
}

function upTo(count: number): Observable<number> {
  return new Observable((subscriber) => {
    for (let n = 1; n <= count; n += 1) subscriber.next(n);
    subscriber.complete();
  });
}

const job: JobDefinition = defineJob("passing", (env, [what = ""]) => {
  const results = STREAMS[what]?.(env).collectAsync();
  const listener = (globalThis as { [LISTENER]?: Listen })[LISTENER]; // only the test puts something there
  if (results !== undefined) listener?.(results);
});

export default job;
