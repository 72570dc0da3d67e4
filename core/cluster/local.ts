/** Executes a job in this process: what `env.execute()` loads when it is called. */
import type { JobClient, JobSubmission } from "../api/job-client.ts";
import { LocalJob } from "./local-job.ts";
import { systemWorld } from "./system-world.ts";

/** Throws what is wrong with the graph; everything later is in the client's `result()`. */
export function executeLocally(submission: JobSubmission): JobClient {
  return new LocalJob(submission, systemWorld());
}
