/**
 * What a benchmark case is: a job module with its size, the same work as a hand-written loop where there is one, and what Flink does.
 *
 * A job takes its size from its arguments and its parallelism from the configuration; the total work is the same at any parallelism. So the module can
 * run in this process or in threads of their own.
 */
import type { ConfigValues } from "millrace";

/** Millions of records per second at parallelism 1 and 2, on a machine like ours; undefined where it was not measured. */
export interface FlinkFigures {
  readonly one?: number;
  readonly two?: number;
}

/** What a case reports beside its speed, by name with the unit in parentheses. */
export type Figures = Readonly<Record<string, number>>;

export interface BenchCase {
  readonly name: string;
  /** The URL of the module whose default export is the job. */
  readonly module: string;
  /** Records of a full run; a quick one takes a hundredth. */
  readonly records: number;
  /** Behind those that every job gets, see `job-arguments.ts`. */
  readonly args?: readonly string[];
  readonly config?: ConfigValues;
  /** Checkpoints go to files, as they would where a machine may be lost. Default: to memory. */
  readonly checkpointsToFiles?: boolean;
  /** Its speed is set from outside: what counts are its figures. */
  readonly isPaced?: boolean;
  /** Does the same to the same records, and returns something that depends on all of it, so that nothing is optimised away. */
  plain?(records: number): number;
  /** Called once the job has ended, with the directory of what it has measured; checkpoints are told of as well. Default: its speed is all that counts. */
  figures?(directory: string): Figures;
}
