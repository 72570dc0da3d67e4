/**
 * Builds a job's graph in a slot, from the job's module, and makes sure that it is the one that the job's master has built.
 *
 * In:   what the slot was told to begin with; how to import a module. Out: graph and configuration, or why there are none; a restart does not help then.
 */
import { isJobDefinition } from "../api/define-job.ts";
import { explainDivergence, signatureOf } from "../graph/fingerprint.ts";
import { createJobGraph } from "../graph/job-graph.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import { Config } from "../util/config.ts";
import { asError, isMillraceError, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Outcome } from "../util/outcome.ts";
import { buildJob } from "./build-job.ts";
import type { BuiltJob } from "./slot-endpoint.ts";
import type { SlotStart } from "./slot-messages.ts";

type ImportModule = (url: string) => Promise<Readonly<Record<string, unknown>>>;

export async function buildInSlot(start: SlotStart, importModule: ImportModule): Promise<Outcome<BuiltJob>> {
  try {
    return succeeded(await build(start, importModule));
  } catch (error) {
    return failed(inSlot(start, error));
  }
}

async function build(start: SlotStart, importModule: ImportModule): Promise<BuiltJob> {
  const job = (await importModule(start.module))["default"];
  if (!isJobDefinition(job)) throw new Error("its default export is no job");
  const { args, config: values, jobName, signature, maxParallelism } = start;
  const env = await buildJob(job, { jobArguments: args, config: new Config(values) });
  const { config } = env;
  const graph = withKeyGroups(createJobGraph(env.getStreamGraph(), { name: jobName, config }), maxParallelism);
  const divergence = explainDivergence(signature, signatureOf(graph));
  if (divergence !== undefined) throw new MillraceError("MR7011", divergence, { retryable: false });
  return { graph, config };
}

/** What the job starts from decides how many key groups there are, which the master knows. */
function withKeyGroups(graph: JobGraph, maxParallelism: readonly number[]): JobGraph {
  const vertices = graph.vertices.map((vertex) => ({
    ...vertex,
    maxParallelism: maxParallelism[vertex.index] ?? vertex.maxParallelism,
  }));
  return { ...graph, vertices };
}

function inSlot({ name, module }: SlotStart, error: unknown): MillraceError {
  if (isMillraceError(error))
    return new MillraceError(error.code, sentenceOf(error), { cause: error, retryable: false });
  const sentence = `slot ${name} cannot build the job from ${module}: ${asError(error).message}`;
  return new MillraceError("MR7011", sentence, { cause: error, retryable: false });
}

function sentenceOf({ code, message }: MillraceError): string {
  return message.replace(`${code}: `, "");
}
