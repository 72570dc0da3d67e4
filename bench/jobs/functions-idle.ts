/** What an instance takes while nobody sends to it: a million users with a number each, heap after a collection minus heap before, in each thread. The final checkpoint goes to files, so that it does not count. */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition, MapFunction } from "millrace";
import { egress, fn, routable, statefun, type, value } from "millrace/statefun";
import type { BenchCase, Figures } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { loadedWeight, saveLoad, weigh } from "../measure/weight.ts";
import type { Weight } from "../measure/weight.ts";
import { stripes } from "../sources/stripes.ts";

const job: JobDefinition = defineJob("functions-idle", (env, args) => {
  const { records, directory } = jobArguments(args);
  /** Of this thread, which has one subtask of the functions. */
  let instances = 0;
  const nothing = egress("bench/nothing", type<never>());
  const user = fn("bench/user", {
    accepts: { visit: type<number>() },
    state: { last: value<number>() },
    handle: {
      visit(ctx, n) {
        instances += 1;
        ctx.state.last = n;
      },
    },
  });
  /** Behind the functions, in the same task: it opens before the first message and closes after the last. */
  class Scales {
    #before: Weight | undefined = undefined;
    open(): void {
      this.#before = weigh();
    }
    map(value: never): never {
      return value;
    }
    close(): void {
      if (this.#before !== undefined) saveLoad(directory, instances, this.#before, weigh());
    }
  }
  const visits = env
    .fromSource(
      stripes(records, (n) => n),
      WatermarkStrategy.noWatermarks<number>(),
      "visits",
    )
    .map((n) => routable(user.at(`user-${n}`), "visit", n));
  statefun(env)
    .from(visits)
    .functions(user)
    .egresses({ nothing })
    .build()
    .nothing.map(Scales satisfies new () => MapFunction<never, never>)
    .discard();
});
export default job;

export const functionsIdle: BenchCase = {
  name: "functions: 1,000,000 idle instances with a number each",
  module: import.meta.url,
  records: 1_000_000,
  checkpointsToFiles: true,
  isPaced: true,
  figures(directory): Figures {
    const { instances, weight } = loadedWeight(directory);
    return {
      instances,
      "heap per instance (bytes)": Math.round(weight.heapBytes / instances),
      "typed arrays per instance (bytes)": Math.round(weight.bufferBytes / instances),
    };
  },
};
