/**
 * Loads the module of a job: JavaScript as it is, TypeScript through `bundle.ts`, since Node 20 cannot run it.
 *
 * In:  a path as the user wrote it. Out: the job that the module exports, or an error of one clear sentence, `MR2101` to `MR2105` and `MR2111`.
 */
import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isJobDefinition } from "../../api/define-job.ts";
import type { JobDefinition } from "../../api/define-job.ts";
import { asError, isMillraceError, MillraceError } from "../../util/errors.ts";
import { withBundle } from "./bundle.ts";

const TYPESCRIPT: ReadonlySet<string> = new Set([".ts", ".mts", ".cts"]);
const SUPPORTED: ReadonlySet<string> = new Set([...TYPESCRIPT, ".js", ".mjs"]);

export async function loadJob(path: string): Promise<JobDefinition> {
  const file = resolve(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new MillraceError("MR2101", `there is no job file at ${path}; check the path`);
  if (!stats.isFile() || !SUPPORTED.has(extname(file))) {
    throw new MillraceError("MR2102", `${path} is no job module; name a .ts, .mts, .js or .mjs file`);
  }
  const load = (url: string): Promise<Record<string, unknown>> => importModule(url, path);
  const module = await (TYPESCRIPT.has(extname(file)) ? withBundle(file, load) : load(pathToFileURL(file).href));
  const definition = module["default"];
  if (isJobDefinition(definition)) return definition;
  const found = definition === undefined ? "no default export" : "a default export that is no job";
  throw new MillraceError(
    "MR2103",
    `${path} has ${found}; write: export default defineJob("name", (env, args) => { ... })`,
  );
}

async function importModule(url: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>; // a namespace object
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new MillraceError("MR2104", `${path} cannot be loaded: ${reasonOf(error)}`, { cause: error });
  }
}

/** Node's sentence about a package that is missing names the bundle, which means nothing to the user. */
function reasonOf(error: unknown): string {
  const { message } = asError(error);
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1];
  return missing === undefined ? message : `the package "${missing}" is not installed; npm install ${missing}`;
}
