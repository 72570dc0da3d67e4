/**
 * Whether a job starts again after a failure, and how long it waits before: none, fixed delay, failure rate, exponential delay, as in Flink.
 *
 * In:    failures, as they happen. Out: a decision for each.
 * State: what earlier failures have left; one object per job, for its whole life.
 */
import type { Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { assert, isMillraceError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";

export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number }
  | { readonly restart: false; readonly reason: string };

export interface RestartStrategy {
  onFailure(cause: unknown): RestartDecision;
}

export interface RestartStrategyOptions {
  readonly clock: Clock;
  /** For jitter. */
  readonly random: Random;
  /** Decides what an unset strategy means: exponential delay with checkpoints, none without. */
  readonly checkpointingEnabled: boolean;
}

/** How many causes behind a failure are looked at, since a chain of causes may be a circle. */
const CAUSES_MAX = 16;

export function createRestartStrategy(config: Config, options: RestartStrategyOptions): RestartStrategy {
  const strategy = strategyOf(config, options);
  return {
    onFailure(cause) {
      const fatal = fatalCause(cause);
      return fatal === undefined
        ? strategy.onFailure(cause)
        : { restart: false, reason: `a restart cannot cure it (${fatal})` };
    },
  };
}

function strategyOf(config: Config, options: RestartStrategyOptions): RestartStrategy {
  const named = config.get(OPTIONS.restartStrategy);
  switch (named === "" ? (options.checkpointingEnabled ? "exponential-delay" : "none") : named) {
    case "none":
      return {
        onFailure: () =>
          refuse(
            named === ""
              ? "without checkpoints and a restart strategy, jobs are not started again"
              : "the restart strategy is none",
          ),
      };
    case "fixed-delay":
      return fixedDelay(config);
    case "failure-rate":
      return failureRate(config, options.clock);
    case "exponential-delay":
      return exponentialDelay(config, options);
    default:
      assert(false, `the configuration let an unknown restart strategy pass: ${named}`);
  }
}

/** The code of the first error in the chain of causes that no restart can cure. */
function fatalCause(failure: unknown): string | undefined {
  let cause = failure;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Object; depth += 1) {
    if (isMillraceError(cause) && !cause.retryable) return cause.code;
    cause = "cause" in cause ? cause.cause : undefined;
  }
  return undefined;
}

function refuse(reason: string): RestartDecision {
  return { restart: false, reason };
}

/** A number of restarts for the whole life of the job. */
function fixedDelay(config: Config): RestartStrategy {
  const attempts = config.get(OPTIONS.fixedDelayAttempts);
  const delayMs = config.get(OPTIONS.fixedDelay);
  let failures = 0;
  return {
    onFailure() {
      failures += 1;
      return failures <= attempts
        ? { restart: true, delayMs }
        : refuse(`it was started again ${attempts} times, as ${OPTIONS.fixedDelayAttempts.key} allows`);
    },
  };
}

/** Restarts as long as failures are rare. */
function failureRate(config: Config, clock: Clock): RestartStrategy {
  const failuresMax = config.get(OPTIONS.failureRateMax);
  const intervalMs = config.get(OPTIONS.failureRateInterval);
  const delayMs = config.get(OPTIONS.failureRateDelay);
  /** Those within the interval: at most one more than allowed. */
  let failedAtMs: readonly number[] = [];
  return {
    onFailure() {
      const nowMs = clock.elapsedMs();
      failedAtMs = [...failedAtMs.filter((thenMs) => nowMs - thenMs <= intervalMs), nowMs].slice(-failuresMax - 1);
      if (failedAtMs.length <= failuresMax) return { restart: true, delayMs };
      return refuse(
        `it failed more than ${failuresMax} times within ${intervalMs} ms, as ${OPTIONS.failureRateMax.key} allows`,
      );
    },
  };
}

/** Waits longer after each failure, until the job has run well for a while. */
function exponentialDelay(config: Config, { clock, random }: RestartStrategyOptions): RestartStrategy {
  const initialMs = config.get(OPTIONS.exponentialInitial);
  const maxMs = Math.max(initialMs, config.get(OPTIONS.exponentialMax));
  const multiplier = config.get(OPTIONS.exponentialMultiplier);
  const jitter = config.get(OPTIONS.exponentialJitter);
  const resetMs = config.get(OPTIONS.exponentialReset);
  const attempts = config.get(OPTIONS.exponentialAttempts);
  let restarts = 0;
  let backoffMs = initialMs;
  /** When the latest restart begins, by `Clock.elapsedMs`. */
  let restartAtMs = -Infinity;
  return {
    onFailure() {
      const nowMs = clock.elapsedMs();
      // A failure while a restart is pending belongs to the one that it is pending for.
      if (nowMs < restartAtMs) return { restart: true, delayMs: restartAtMs - nowMs };
      if (nowMs - restartAtMs >= resetMs) {
        restarts = 0;
        backoffMs = initialMs;
      }
      restarts += 1;
      if (attempts >= 0 && restarts > attempts)
        return refuse(`it was started again ${attempts} times in a row, as ${OPTIONS.exponentialAttempts.key} allows`);
      const spread = backoffMs * jitter * (2 * random.next() - 1);
      const delayMs = Math.min(Math.max(Math.round(backoffMs + spread), initialMs), maxMs);
      backoffMs = Math.min(backoffMs * multiplier, maxMs);
      restartAtMs = nowMs + delayMs;
      return { restart: true, delayMs };
    },
  };
}
