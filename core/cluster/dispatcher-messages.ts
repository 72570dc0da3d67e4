/**
 * What a Dispatcher is asked, and what it answers: plain data, so that it can cross threads and machines.
 *
 * A request has a number of its own, under which it is answered once, and the token of the Dispatcher that it is meant for: another one refuses it.
 */
import type { JobResult, JobStatus, SavepointOptions, StopOptions } from "../api/job-client.ts";
import type { ConfigValues } from "../util/config.ts";

/** A job that is to run. */
export interface JobRequest {
  /** URL of the module that exports it. */
  readonly module: string;
  readonly args: readonly string[];
  /** Options where the job does not set them. */
  readonly config: ConfigValues;
}

/** A job that runs. */
export interface SubmittedJob {
  readonly jobId: string;
  /** With the options that it has set. */
  readonly config: ConfigValues;
}

export interface JobOverview {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: JobStatus;
}

export type DispatcherQuestion =
  | { readonly kind: "submit"; readonly job: JobRequest }
  /** Jobs that run, and those that ended last. */
  | { readonly kind: "list" }
  /** Answered when the job has ended. */
  | { readonly kind: "cancel"; readonly jobId: string }
  | { readonly kind: "savepoint"; readonly jobId: string; readonly options: SavepointOptions }
  /** With a savepoint; answered when the job has ended. */
  | { readonly kind: "stop"; readonly jobId: string; readonly options: StopOptions }
  | { readonly kind: "result"; readonly jobId: string }
  /** Cancels all jobs and takes no more; answered when all have ended. */
  | { readonly kind: "shut-down" };

/** What a question is answered with, where nothing goes wrong. */
export interface DispatcherValues {
  readonly submit: SubmittedJob;
  readonly list: readonly JobOverview[];
  readonly cancel: undefined;
  /** Paths of savepoints. */
  readonly savepoint: string;
  readonly stop: string;
  readonly result: JobResult;
  readonly "shut-down": undefined;
}

export interface DispatcherRequest {
  readonly token: number;
  readonly id: number;
  readonly question: DispatcherQuestion;
}

export type DispatcherAnswer =
  | { readonly id: number; readonly ok: true; readonly value: DispatcherValues[keyof DispatcherValues] }
  | { readonly id: number; readonly ok: false; readonly error: Error };
