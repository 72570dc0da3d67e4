/** What happens after a failure: typed values for `env.setRestartStrategy`. Names and defaults are Flink's. */
import type { ConfigValues } from "../util/config.ts";
import { OPTIONS } from "../util/config.ts";
import { toMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";

export interface RestartStrategy {
  readonly kind: "none" | "fixed-delay" | "failure-rate" | "exponential-delay";
  /** The options that it stands for. */
  readonly values: ConfigValues;
}

export interface FixedDelayOptions {
  /** Restarts before the job fails. Default: 1. */
  readonly attempts?: number;
  /** Pause before each restart. Default: 1 s. */
  readonly delay?: Duration;
}

export interface FailureRateOptions {
  /** More failures than this within the interval fail the job. Default: 1. */
  readonly maxFailuresPerInterval?: number;
  /** Default: 1 min. */
  readonly interval?: Duration;
  /** Pause before each restart. Default: 1 s. */
  readonly delay?: Duration;
}

export interface ExponentialDelayOptions {
  /** Pause before the first restart. Default: 1 s. */
  readonly initialBackoff?: Duration;
  /** Default: 1 min. */
  readonly maxBackoff?: Duration;
  /** Factor from one pause to the next. Default: 1.5. */
  readonly multiplier?: number;
  /** Random part of each pause, as a share of it. Default: 0.1. */
  readonly jitter?: number;
  /** Running this long without failure resets the pause. Default: 1 h. */
  readonly resetAfter?: Duration;
  /** Restarts before the job fails; -1: no limit. Default: -1. */
  readonly attempts?: number;
}

/**
 * The first failure ends the job.
 *
 * Shape:  a value for `env.setRestartStrategy`. The default without checkpointing.
 * Errors: none.
 * Source: Flink's `none`.
 *
 * @example
 * env.setRestartStrategy(noRestart());
 */
export function noRestart(): RestartStrategy {
  return strategy("none", {});
}

/**
 * Restarts a number of times, with the same pause before each.
 *
 * Shape:  a value for `env.setRestartStrategy`.
 * Units:  `delay` in ms, or text such as `"10s"`.
 * Errors: `MR1001` no duration; `MR2002` an amount out of range, when it is set.
 * Source: Flink's `fixed-delay`.
 *
 * @example
 * env.setRestartStrategy(fixedDelay({ attempts: 3, delay: "10s" }));
 */
export function fixedDelay(options: FixedDelayOptions = {}): RestartStrategy {
  return strategy("fixed-delay", {
    [OPTIONS.fixedDelayAttempts.key]: options.attempts,
    [OPTIONS.fixedDelay.key]: msOf(options.delay, "delay"),
  });
}

/**
 * Restarts for as long as failures are rare.
 *
 * Shape:  a value for `env.setRestartStrategy`.
 * Units:  `interval` and `delay` in ms, or text such as `"10s"`.
 * Errors: `MR1001` no duration; `MR2002` an amount out of range, when it is set.
 * Source: Flink's `failure-rate`.
 *
 * @example
 * env.setRestartStrategy(failureRate({ maxFailuresPerInterval: 3, interval: "5min", delay: "10s" }));
 */
export function failureRate(options: FailureRateOptions = {}): RestartStrategy {
  return strategy("failure-rate", {
    [OPTIONS.failureRateMax.key]: options.maxFailuresPerInterval,
    [OPTIONS.failureRateInterval.key]: msOf(options.interval, "interval"),
    [OPTIONS.failureRateDelay.key]: msOf(options.delay, "delay"),
  });
}

/**
 * Restarts with pauses that grow from failure to failure.
 *
 * Shape:  a value for `env.setRestartStrategy`. The default with checkpointing.
 * Units:  durations in ms, or text such as `"10s"`.
 * Errors: `MR1001` no duration; `MR2002` an amount out of range, when it is set.
 * Source: Flink's `exponential-delay`.
 *
 * @example
 * env.setRestartStrategy(exponentialDelay({ initialBackoff: "1s", maxBackoff: "1min", multiplier: 2 }));
 */
export function exponentialDelay(options: ExponentialDelayOptions = {}): RestartStrategy {
  return strategy("exponential-delay", {
    [OPTIONS.exponentialInitial.key]: msOf(options.initialBackoff, "initialBackoff"),
    [OPTIONS.exponentialMax.key]: msOf(options.maxBackoff, "maxBackoff"),
    [OPTIONS.exponentialMultiplier.key]: options.multiplier,
    [OPTIONS.exponentialJitter.key]: options.jitter,
    [OPTIONS.exponentialReset.key]: msOf(options.resetAfter, "resetAfter"),
    [OPTIONS.exponentialAttempts.key]: options.attempts,
  });
}

/** Only what was given: the rest keeps its default. */
function strategy(kind: RestartStrategy["kind"], given: Readonly<Record<string, number | undefined>>): RestartStrategy {
  const values: Record<string, number | string> = { [OPTIONS.restartStrategy.key]: kind };
  for (const [key, amount] of Object.entries(given)) {
    if (amount !== undefined) values[key] = amount;
  }
  return { kind, values };
}

function msOf(duration: Duration | undefined, what: string): number | undefined {
  return duration === undefined ? undefined : toMs(duration, what);
}
