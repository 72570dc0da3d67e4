/** End-to-end latency: 100,000 records per second from the source over a keyed count to the end, with default settings and a checkpoint every second. */
import { defineJob, value, WatermarkStrategy } from "millrace";
import type { Collector, JobDefinition, MapFunction } from "millrace";
import type { BenchCase, Figures } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { Durations } from "../measure/durations.ts";
import { preciseNowMs } from "../measure/marks.ts";
import { paced } from "../sources/paced.ts";
import type { Paced } from "../sources/paced.ts";

const KEYS = 1_000;
const PER_SECOND = 100_000;
const LATENCIES = "latencies";

/** The first fifth is left out: the code is not yet compiled. */
function isWarm(n: number, records: number): boolean {
  return n > records / 5;
}

const job: JobDefinition = defineJob("latency", (env, args) => {
  const { records, directory } = jobArguments(args);
  class Arrivals {
    readonly #latencies = new Durations();
    map({ n, emittedMs }: Paced): number {
      if (isWarm(n, records)) this.#latencies.record(preciseNowMs() - emittedMs);
      return n;
    }
    close(): void {
      this.#latencies.save(directory, LATENCIES);
    }
  }
  env
    .fromSource(paced({ records, perSecond: PER_SECOND, directory }), WatermarkStrategy.noWatermarks<Paced>(), "paced")
    .keyBy(({ n }) => n % KEYS)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(record, ctx, out: Collector<Paced>) {
        ctx.state.seen.update(ctx.state.seen.value() + 1);
        out.collect(record);
      },
    })
    .map(Arrivals satisfies new () => MapFunction<Paced, number>)
    .discard();
});
export default job;

export const latency: BenchCase = {
  name: "end-to-end latency at 100,000 records/s",
  module: import.meta.url,
  records: 1_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  isPaced: true,
  figures(directory): Figures {
    const latencies = Durations.load(directory, LATENCIES);
    const lag = Durations.load(directory, "lag");
    return {
      "p50 (ms)": round(latencies.quantile(0.5)),
      "p99 (ms)": round(latencies.quantile(0.99)),
      "p99.9 (ms)": round(latencies.quantile(0.999)),
      "longest (ms)": round(latencies.longestMs),
      "lag of the source, p99 (ms)": round(lag.quantile(0.99)),
    };
  },
};

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
