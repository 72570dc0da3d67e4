/** Command line flags as configuration: each is short for an option, and `--config key=value` reaches all of them. */
import { Config, OPTIONS } from "../../util/config.ts";
import { MillraceError } from "../../util/errors.ts";

export interface RunFlags {
  readonly parallelism?: string;
  readonly checkpointDir?: string;
  readonly restore?: string;
  readonly acceptDuplicates?: boolean;
  readonly allowNonRestoredState?: boolean;
  /** Threads. Both undefined: the job runs in the command's own. */
  readonly taskManagers?: string;
  readonly slots?: string;
  readonly config: readonly string[];
}

export interface ClusterSize {
  readonly taskManagers: number;
  /** Of each; undefined: what the configuration says. */
  readonly slots: number | undefined;
}

/** For options that may be repeated. */
export function collectPair(pair: string, pairs: readonly string[]): readonly string[] {
  return [...pairs, pair];
}

/** Flags win over `--config`; what the job sets in code wins over both. */
export function configOf(flags: RunFlags): Config {
  const values: Record<string, boolean | number | string> = {};
  for (const pair of flags.config) {
    const equals = pair.indexOf("=");
    if (equals <= 0)
      throw new MillraceError("MR2106", `--config takes key=value, such as parallelism.default=2, not "${pair}"`);
    values[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  if (flags.parallelism !== undefined) values[OPTIONS.parallelism.key] = countOf("--parallelism", flags.parallelism);
  if (flags.checkpointDir !== undefined)
    values[OPTIONS.checkpointDirectory.key] = textOf("--checkpoint-dir", flags.checkpointDir);
  if (flags.restore !== undefined) values[OPTIONS.restoreFrom.key] = textOf("--restore", flags.restore);
  if (flags.acceptDuplicates === true) values[OPTIONS.acceptDuplicates.key] = true;
  if (flags.allowNonRestoredState === true) values[OPTIONS.ignoreUnclaimedState.key] = true;
  return new Config(values);
}

/** Undefined: no threads were asked for. */
export function clusterSizeOf({ taskManagers, slots }: RunFlags): ClusterSize | undefined {
  if (taskManagers === undefined && slots === undefined) return undefined;
  return {
    taskManagers: countOf("--task-managers", taskManagers ?? "1"),
    slots: slots === undefined ? undefined : countOf("--slots", slots),
  };
}

function countOf(flag: string, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count;
  throw new MillraceError("MR2108", `${flag} must be a whole number, 1 or more, not "${text}"`);
}

/** An empty path would mean the same as none, and that the flag was not meant. */
function textOf(flag: string, text: string): string {
  if (text.trim() !== "") return text;
  throw new MillraceError("MR2110", `${flag} needs a path, and got an empty one`);
}
