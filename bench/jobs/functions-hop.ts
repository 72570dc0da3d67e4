/** Latency of one hop: a thousand times a second a function sends to another one, with default settings and a checkpoint every second. */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition, MapFunction } from "millrace";
import { egress, fn, routable, statefun, type } from "millrace/statefun";
import type { EgressIdentifier, StatefulFn } from "millrace/statefun";
import type { BenchCase, Figures } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { Durations } from "../measure/durations.ts";
import { preciseNowMs } from "../measure/marks.ts";
import { paced } from "../sources/paced.ts";
import type { Paced } from "../sources/paced.ts";

const IDS = 1_000;
const PER_SECOND = 1_000;
const LATENCIES = "latencies";

interface Sent {
  readonly n: number;
  readonly sentMs: number;
}

interface Hop {
  readonly n: number;
  readonly tookMs: number;
}

const hops: EgressIdentifier<Hop> = egress("bench/hops", type<Hop>());

const receiver: StatefulFn<{ readonly sent: Sent }> = fn("bench/receiver", {
  accepts: { sent: type<Sent>() },
  handle: {
    sent(ctx, { n, sentMs }) {
      ctx.send(hops, { n, tookMs: preciseNowMs() - sentMs });
    },
  },
});

const sender: StatefulFn<{ readonly tick: number }> = fn("bench/sender", {
  accepts: { tick: type<number>() },
  handle: {
    tick(ctx, n) {
      ctx.send(receiver.at(`receiver-${n % IDS}`), "sent", { n, sentMs: preciseNowMs() });
    },
  },
});

const job: JobDefinition = defineJob("functions-hop", (env, args) => {
  const { records, directory } = jobArguments(args);
  class Arrivals {
    readonly #latencies = new Durations();
    map({ n, tookMs }: Hop): number {
      if (n > records / 5) this.#latencies.record(tookMs); // before that, the code is not yet compiled
      return n;
    }
    close(): void {
      this.#latencies.save(directory, LATENCIES);
    }
  }
  const ticks = env
    .fromSource(paced({ records, perSecond: PER_SECOND, directory }), WatermarkStrategy.noWatermarks<Paced>(), "paced")
    .map(({ n }) => routable(sender.at(`sender-${n % IDS}`), "tick", n));
  statefun(env)
    .from(ticks)
    .functions(sender, receiver)
    .egresses({ hops })
    .build()
    .hops.map(Arrivals satisfies new () => MapFunction<Hop, number>)
    .discard();
});
export default job;

export const functionsHop: BenchCase = {
  name: "functions: one hop at 1,000 messages/s",
  module: import.meta.url,
  records: 10_000,
  config: { "execution.checkpointing.interval": "1s" },
  isPaced: true,
  figures(directory): Figures {
    const latencies = Durations.load(directory, LATENCIES);
    return {
      "p50 (ms)": round(latencies.quantile(0.5)),
      "p99 (ms)": round(latencies.quantile(0.99)),
      "longest (ms)": round(latencies.longestMs),
      "lag of the source, p99 (ms)": round(Durations.load(directory, "lag").quantile(0.99)),
    };
  },
};

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
