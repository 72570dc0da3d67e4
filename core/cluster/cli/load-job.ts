/**
 * Loads the module of a job: JavaScript as it is, TypeScript through `bundle.ts`, since Node 20 cannot run it.
 *
 * In:  a path as the user wrote it. Out: the job that the module exports, or an error of one clear sentence, `MR2101` to `MR2105` and `MR2111`.
 */
import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { JobDefinition } from "../../api/define-job.ts";
import { MillraceError } from "../../util/errors.ts";
import { importJob } from "../import-job.ts";
import { makeBundle } from "./bundle.ts";

const TYPESCRIPT: ReadonlySet<string> = new Set([".ts", ".mts", ".cts"]);
const SUPPORTED: ReadonlySet<string> = new Set([...TYPESCRIPT, ".js", ".mjs"]);

/** A job, and where others import it from. */
export interface LoadedJob {
  readonly job: JobDefinition;
  /** URL of the module, until `release`. */
  readonly url: string;
  readonly release: () => Promise<void>;
}

/** Of a job that is imported once and for all. */
export async function loadJob(path: string): Promise<JobDefinition> {
  const { job, release } = await holdJob(path);
  await release();
  return job;
}

export async function holdJob(path: string): Promise<LoadedJob> {
  const file = fileOf(path);
  const bundle = TYPESCRIPT.has(extname(file))
    ? await makeBundle(file)
    : { url: pathToFileURL(file).href, remove: () => Promise.resolve() };
  const { url, remove: release } = bundle;
  try {
    return { job: await importJob(url, path), url, release };
  } catch (error) {
    await release();
    throw error;
  }
}

function fileOf(path: string): string {
  const file = resolve(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new MillraceError("MR2101", `there is no job file at ${path}; check the path`);
  if (!stats.isFile() || !SUPPORTED.has(extname(file))) {
    throw new MillraceError("MR2102", `${path} is no job module; name a .ts, .mts, .js or .mjs file`);
  }
  return file;
}
