/** What a benchmark case is: a job, and the same work as a hand-written loop. Both take the number of records. */
import type { ConfigValues, StreamExecutionEnvironment } from "millrace";

export interface BenchCase {
  readonly name: string;
  /** Records of a full run; a quick one takes a fiftieth. */
  readonly records: number;
  readonly config?: ConfigValues;
  build(env: StreamExecutionEnvironment, records: number): void;
  /** Does the same to the same records, and returns something that depends on all of it, so that nothing is optimised away. */
  plain(records: number): number;
  /** What Flink does per core-second on a machine like ours, in millions of records. */
  readonly flinkMillions?: number;
  /** Whether the job printed or measured something of its own; called after each run. */
  extra?(): Readonly<Record<string, number | string>>;
}
