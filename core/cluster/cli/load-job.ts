/**
 * Loads the module of a job: JavaScript as it is, TypeScript bundled by esbuild first, since Node 20 cannot run it.
 *
 * In the bundle, packages stay outside, and `millrace` is the copy that runs the command: two copies of the engine would not recognise each other's
 * objects. Bundles lie in `node_modules/.cache/millrace` beside the job, so that its imports are found.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isJobDefinition } from "../../api/define-job.ts";
import type { JobDefinition } from "../../api/define-job.ts";
import { asError, MillraceError } from "../../util/errors.ts";

const TYPESCRIPT = new Set([".ts", ".mts", ".cts"]);
const SUPPORTED = new Set([...TYPESCRIPT, ".js", ".mjs"]);

/** Fails with `MR2101` to `MR2105`, each one clear sentence. */
export async function loadJob(path: string): Promise<JobDefinition> {
  const file = resolve(path);
  if (!existsSync(file)) throw new MillraceError("MR2101", `there is no job file at ${path}; check the path`);
  if (!SUPPORTED.has(extname(file))) throw new MillraceError("MR2102", `${path} is no job module; name a .ts, .mts, .js or .mjs file`);
  const runnable = TYPESCRIPT.has(extname(file)) ? await bundle(file) : file;
  const module = await importModule(runnable, path);
  const definition = module["default"];
  if (isJobDefinition(definition)) return definition;
  throw new MillraceError("MR2103", `${path} has no job as its default export; write: export default defineJob("name", (env, args) => { ... })`);
}

async function importModule(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>; // a namespace object
  } catch (error) {
    throw new MillraceError("MR2104", `${path} cannot be loaded: ${asError(error).message}`, { cause: error });
  }
}

async function bundle(file: string): Promise<string> {
  const { build } = await importEsbuild();
  const cache = join(packageRoot(dirname(file)), "node_modules", ".cache", "millrace");
  await mkdir(cache, { recursive: true });
  const name = createHash("sha256").update(file).digest("hex").slice(0, 16);
  const outfile = join(cache, `${name}-${process.pid}.mjs`);
  try {
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      sourcemap: "inline",
      logLevel: "silent",
      plugins: [
        {
          name: "millrace-is-this-copy",
          setup: (api) => api.onResolve({ filter: /^millrace(\/.*)?$/ }, (args) => ({ path: import.meta.resolve(args.path), external: true })),
        },
      ],
    });
  } catch (error) {
    throw new MillraceError("MR2104", `${file} cannot be compiled: ${asError(error).message}`, { cause: error });
  }
  process.setSourceMapsEnabled(true);
  return outfile;
}

async function importEsbuild(): Promise<typeof import("esbuild")> {
  try {
    return await import("esbuild");
  } catch (error) {
    throw new MillraceError("MR2105", "TypeScript jobs are compiled with esbuild, which is not installed: npm install --save-dev esbuild", { cause: error });
  }
}

function packageRoot(directory: string): string {
  if (existsSync(join(directory, "package.json"))) return directory;
  const above = dirname(directory);
  return above === directory ? process.cwd() : packageRoot(above);
}
