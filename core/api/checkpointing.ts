/** What `env.enableCheckpointing` takes, and the options that it stands for. */
import { OPTIONS } from "../util/config.ts";
import type { ConfigValues } from "../util/config.ts";
import { toMs, toPositiveMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";

export interface CheckpointingOptions {
  /** `"AT_LEAST_ONCE"` does not align, so that records may count twice after a restart. Default: `"EXACTLY_ONCE"`. */
  readonly mode?: "EXACTLY_ONCE" | "AT_LEAST_ONCE";
  /** Whether barriers may overtake the records that wait in channels, so that a checkpoint does not wait for slow operators. Default: false. */
  readonly unaligned?: boolean;
  /** With `unaligned`: how long a barrier waits for others, and behind records, before it overtakes them. Default: 0, at once. */
  readonly alignedTimeout?: Duration;
  /** A checkpoint that takes longer is aborted. Default: 10 min. */
  readonly timeout?: Duration;
  /** Time between the end of one checkpoint and the start of the next. Default: 0. */
  readonly minPause?: Duration;
  /** Checkpoints under way at a time. Default: 1. */
  readonly maxConcurrent?: number;
  /** Failed checkpoints in a row before the job fails. Default: 0. */
  readonly tolerableFailures?: number;
  /** Directory of checkpoints. Default: none; they are kept in memory and lost with the process. */
  readonly directory?: string;
  /** Completed checkpoints that are kept. Default: 1. */
  readonly retained?: number;
  /** What happens to checkpoints when the job ends. Default: `"NO_EXTERNALIZED_CHECKPOINTS"`. */
  readonly retention?: "NO_EXTERNALIZED_CHECKPOINTS" | "DELETE_ON_CANCELLATION" | "RETAIN_ON_CANCELLATION";
}

export function checkpointingValues(interval: Duration, options: CheckpointingOptions): ConfigValues {
  const { alignedTimeout } = options;
  const given: Readonly<Record<string, boolean | number | string | undefined>> = {
    [OPTIONS.checkpointInterval.key]: toPositiveMs(interval, "the checkpoint interval"),
    [OPTIONS.checkpointMode.key]: options.mode,
    [OPTIONS.unaligned.key]: options.unaligned,
    [OPTIONS.alignedTimeout.key]: alignedTimeout === undefined ? undefined : toMs(alignedTimeout, "alignedTimeout"),
    [OPTIONS.checkpointTimeout.key]: options.timeout === undefined ? undefined : toMs(options.timeout, "timeout"),
    [OPTIONS.checkpointMinPause.key]: options.minPause === undefined ? undefined : toMs(options.minPause, "minPause"),
    [OPTIONS.checkpointMaxConcurrent.key]: options.maxConcurrent,
    [OPTIONS.checkpointTolerableFailures.key]: options.tolerableFailures,
    [OPTIONS.checkpointDirectory.key]: options.directory,
    [OPTIONS.checkpointRetained.key]: options.retained,
    [OPTIONS.checkpointRetention.key]: options.retention,
  };
  const values: Record<string, boolean | number | string> = {};
  for (const [key, amount] of Object.entries(given)) {
    if (amount !== undefined) values[key] = amount;
  }
  return values;
}
