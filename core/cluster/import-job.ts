/** Imports the JavaScript module of a job, and says in one sentence what is wrong with it. */
import { isJobDefinition } from "../api/define-job.ts";
import type { JobDefinition } from "../api/define-job.ts";
import { asError, isMillraceError, MillraceError } from "../util/errors.ts";

/** `name`: what the user calls it. Fails with `MR2104` if it cannot be loaded, with `MR2103` if it exports no job. */
export async function importJob(url: string, name: string): Promise<JobDefinition> {
  const definition = (await importModule(url, name))["default"];
  if (isJobDefinition(definition)) return definition;
  const found = definition === undefined ? "no default export" : "a default export that is no job";
  throw new MillraceError(
    "MR2103",
    `${name} has ${found}; write: export default defineJob("name", (env, args) => { ... })`,
  );
}

async function importModule(url: string, name: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>; // a namespace object
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new MillraceError("MR2104", `${name} cannot be loaded: ${reasonOf(error)}`, { cause: error });
  }
}

/** Node's sentence about a package that is missing names the bundle, which means nothing to the user. */
function reasonOf(error: unknown): string {
  const { message } = asError(error);
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1];
  return missing === undefined ? message : `the package "${missing}" is not installed; npm install ${missing}`;
}
