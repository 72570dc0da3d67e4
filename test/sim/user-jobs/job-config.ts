/** The options under which a user's job is simulated: some are defaults, which the job may set otherwise, some are the simulation's. */
import type { ConfigValues } from "../../../core/index.ts";
import { CALM, hasFaults } from "../plan.ts";
import type { Leg, SimPlan } from "../plan.ts";

/** Restarts after which a job that fails again and again is given up: more than faults can cause. */
const RESTARTS_MAX = 100;

/** What the job may set otherwise. */
export function ownValues(plan: SimPlan): ConfigValues {
  return {
    "parallelism.default": 1,
    "pipeline.max-parallelism": plan.maxParallelism,
    "pipeline.operator-chaining.enabled": plan.chaining,
    "pipeline.development-mode": true,
    "execution.checkpointing.interval": plan.checkpointMs,
  };
}

/** What the simulation decides. */
export function simulatedValues(
  plan: SimPlan,
  leg: Leg,
  { outsideFails }: { readonly outsideFails: boolean },
): ConfigValues {
  return {
    "parallelism.default": leg.parallelism,
    "taskmanager.network.in-slot-channel-capacity": plan.capacity,
    "heartbeat.interval": 1_000,
    "heartbeat.timeout": 5_000,
    "task.cancellation.timeout": 30_000,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": isQuiet(plan) && !outsideFails ? 0 : RESTARTS_MAX,
    "restart-strategy.fixed-delay.delay": 300,
    "execution.checkpointing.max-concurrent-checkpoints": plan.concurrent,
    "execution.checkpointing.min-pause": plan.minPauseMs,
    "execution.checkpointing.timeout": plan.checkpointTimeoutMs,
    "execution.checkpointing.tolerable-failed-checkpoints": plan.tolerable,
    ...(plan.unalignedMs !== undefined && {
      "execution.checkpointing.unaligned.enabled": true,
      "execution.checkpointing.aligned-checkpoint-timeout": plan.unalignedMs,
    }),
  };
}

/** Nobody but the job itself can make it fail: where a leg dies or the world is slow, somebody may also be taken for lost. */
function isQuiet(plan: SimPlan): boolean {
  const { legs, diskMs, latencyMs } = plan;
  return !hasFaults(plan) && legs.length === 1 && diskMs <= CALM.diskMs && latencyMs <= CALM.latencyMs;
}
