/** The job of a simulated run, as each process builds it: a pipeline with sources that stutter, faults on its way, and sinks that commit to the outside. */
import { StreamExecutionEnvironment } from "../../core/index.ts";
import { createJobGraph } from "../../core/graph/job-graph.ts";
import type { JobGraph } from "../../core/graph/job-graph-types.ts";
import { Config } from "../../core/util/config.ts";
import { committedSink } from "./committed-sink.ts";
import { throughFaults, throughStateFaults } from "./fault-sites.ts";
import type { Out, Pipeline } from "./pipelines/pipeline.ts";
import type { Leg, SimPlan } from "./plan.ts";
import { timerProbe, watermarkProbe } from "./probes.ts";
import { stuttering } from "./stuttering-source.ts";
import { failingSink } from "./user-jobs/failing-sink.ts";
import type { LegWorld } from "./world.ts";

export const JOB_NAME = "simulated";

/** A job that can be simulated, whoever wrote it. */
export interface SimJob {
  configOf(plan: SimPlan, leg: Leg): Config;
  /** Called in each process. `leg`: its number. */
  build(config: Config, world: LegWorld, leg: number): JobGraph;
}

export function pipelineJob(pipeline: Pipeline): SimJob {
  return { configOf, build: (config, world, leg) => buildJob(pipeline, config, world, leg) };
}

function configOf(plan: SimPlan, leg: Leg): Config {
  return new Config({
    "parallelism.default": leg.parallelism,
    "pipeline.max-parallelism": plan.maxParallelism,
    "pipeline.auto-watermark-interval": 500,
    "pipeline.operator-chaining.enabled": plan.chaining,
    "pipeline.development-mode": plan.development ?? true,
    "taskmanager.network.in-slot-channel-capacity": plan.capacity,
    ...(plan.feedbackBytes !== undefined && { "statefun.feedback.memory.size": plan.feedbackBytes }),
    // From frames of one or two records, of which few are under way, up to what is usual.
    "taskmanager.network.memory.buffers-per-channel": plan.capacity < 4 ? plan.capacity : 8,
    "taskmanager.network.memory.floating-buffers-per-gate": plan.capacity < 4 ? 2 : 0,
    "taskmanager.memory.segment-size": plan.capacity < 100 ? 64 : 32_768,
    "execution.buffer-timeout.interval": plan.capacity < 100 ? 0 : 1,
    "heartbeat.interval": 3_000,
    "heartbeat.timeout": 7_000,
    "task.cancellation.timeout": 30_000,
    "jobmanager.execution.failover-strategy": plan.failover ?? "region",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 1_000_000,
    "restart-strategy.fixed-delay.delay": 300,
    "execution.checkpointing.interval": plan.checkpointMs,
    "execution.checkpointing.max-concurrent-checkpoints": plan.concurrent,
    "execution.checkpointing.min-pause": plan.minPauseMs,
    "execution.checkpointing.timeout": plan.checkpointTimeoutMs,
    "execution.checkpointing.tolerable-failed-checkpoints": plan.tolerable,
    ...(plan.retained !== undefined && { "execution.checkpointing.num-retained": plan.retained }),
    ...(plan.atLeastOnce === true && { "execution.checkpointing.mode": "AT_LEAST_ONCE" }),
    ...(plan.legs.some(({ stop }) => stop?.how === "cancel") && {
      "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }),
    "execution.checkpointing.unaligned.enabled": plan.unalignedMs !== undefined,
    "execution.checkpointing.aligned-checkpoint-timeout": plan.unalignedMs ?? 0,
  });
}

/** `leg`: its number, which its sinks carry in the names of what they commit. */
function buildJob(pipeline: Pipeline, config: Config, world: LegWorld, leg: number): JobGraph {
  const env = StreamExecutionEnvironment.create(config);
  const { dice, gate, random, plan, scheduler, outside } = world;
  const stutter = { gate, random, faults: dice, burst: plan.burst, pauseMs: plan.pauseMs, pauses: 0.5 };
  const fromSource = env.fromSource.bind(env);
  env.fromSource = (source, strategy, name) => fromSource(stuttering(source, stutter), strategy, name);
  const keyOf = ({ lane }: Out): string => lane;
  const complain = (what: string): void => void world.reports.push(what);
  pipeline.build({
    env,
    read(source, strategy, name) {
      const stream = throughFaults(dice, env.fromSource(source, strategy, name).uid(name), name);
      return plan.probes ? watermarkProbe(stream, name, complain) : stream;
    },
    write: (written, name = "out") => {
      const failing = pipeline.hasOwnSources === true ? throughFaults(dice, written, name) : written;
      const stream = plan.rates.state === undefined ? failing : throughStateFaults<Out>(dice, failing, name, keyOf);
      const isProbed = plan.probes && pipeline.promise === "exact";
      const timed = isProbed ? timerProbe(stream, name, { keyOf, complain }) : stream;
      const probed = plan.probes ? watermarkProbe(timed, `before ${name}`, complain) : timed;
      const sink = committedSink<Out>({
        name: `${leg}/${name}`,
        outside,
        clock: scheduler.ambientClock,
        random,
        faults: dice,
        async: plan.asyncSink,
      });
      probed.sinkTo(sink).name(name).uid(`sink-${name}`);
    },
    writeTo: (written, sink, name) => void written.sinkTo(failingSink(sink, dice)).name(name).uid(`sink-${name}`),
  });
  return createJobGraph(env.getStreamGraph(), { name: JOB_NAME, config });
}
