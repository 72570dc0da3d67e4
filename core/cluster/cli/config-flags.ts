/** Command line flags as configuration: each is short for an option, and `--config key=value` reaches all of them. */
import { Config, OPTIONS } from "../../util/config.ts";
import { MillraceError } from "../../util/errors.ts";

export interface RunFlags {
  readonly parallelism?: string;
  readonly checkpointDir?: string;
  readonly restore?: string;
  readonly acceptDuplicates?: boolean;
  readonly allowNonRestoredState?: boolean;
  readonly config: readonly string[];
}

/** Flags win over `--config`. */
export function configOf(flags: RunFlags): Config {
  const values: Record<string, boolean | string> = {};
  for (const pair of flags.config) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new MillraceError("MR2106", `--config takes key=value, not "${pair}"`);
    values[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  if (flags.parallelism !== undefined) values[OPTIONS.parallelism.key] = flags.parallelism;
  if (flags.checkpointDir !== undefined) values[OPTIONS.checkpointDirectory.key] = flags.checkpointDir;
  if (flags.restore !== undefined) values[OPTIONS.restoreFrom.key] = flags.restore;
  if (flags.acceptDuplicates === true) values[OPTIONS.acceptDuplicates.key] = true;
  if (flags.allowNonRestoredState === true) values[OPTIONS.ignoreUnclaimedState.key] = true;
  return new Config(values);
}
