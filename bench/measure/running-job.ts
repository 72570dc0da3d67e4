/** How a job module is run: where, with what, and what comes back. */
import type { ConfigValues, JobClient } from "millrace";

export interface JobRun {
  /** The URL of the job module. */
  readonly module: string;
  readonly args: readonly string[];
  readonly parallelism: number;
  readonly config: ConfigValues;
}

export interface RunningJob {
  readonly client: JobClient;
  /** Once the job has ended: gives back what it ran on. */
  close(): Promise<void>;
}
