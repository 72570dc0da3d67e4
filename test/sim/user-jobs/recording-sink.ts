/** The sink that stands in for one of the job: what it commits, a test reads. Records of all sinks go to one outside world, each in the lane of its sink. */
import type { Sink } from "../../../core/index.ts";
import { committedSink } from "../committed-sink.ts";
import type { Committable } from "../committed-sink.ts";
import type { Out } from "../pipelines/pipeline.ts";
import type { LegWorld } from "../world.ts";

/** `leg`: its number, which tells its commits from those of other legs. */
export function recordingSink(name: string, world: LegWorld, leg: number): Sink<unknown, never, Committable<Out>> {
  const { outside, scheduler, random, plan } = world;
  const inner = committedSink<Out>({
    name: `${leg}/${name}`,
    outside,
    clock: scheduler.ambientClock,
    random,
    async: plan.asyncSink,
  });
  return {
    createWriter(ctx) {
      const writer = inner.createWriter(ctx, []);
      return {
        write: (value, context) => writer.write({ lane: name, value }, context),
        flush: (endOfInput) => writer.flush?.(endOfInput),
        prepareCommit: (checkpointId) => writer.prepareCommit?.(checkpointId) ?? [],
      };
    },
    ...(inner.createCommitter === undefined ? {} : { createCommitter: inner.createCommitter }),
  };
}
