/** How the command ends, for shells and scripts. */
import { constants } from "node:os";

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** The job has finished, but some of what it was to process is quarantined. */
export const EXIT_QUARANTINED = 3;
/** By convention, 128 plus the number of the signal. */
export const EXIT_BROKEN_PIPE: number = 128 + constants.signals.SIGPIPE;

export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
