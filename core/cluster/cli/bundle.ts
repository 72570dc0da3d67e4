/**
 * A TypeScript job as one JavaScript module, made by esbuild, for as long as it takes to import it.
 *
 * In the bundle, packages stay outside, and `millrace` is the copy that runs the command: two copies of the engine would not recognise each other's
 * objects. `import.meta` means the source file, as if nothing had been bundled, and stacks name its lines.
 *
 * A bundle lies in `node_modules/.cache/millrace` of the job's package, so that imports of packages are found, and is removed once it is loaded. What a
 * command that was killed has left there, the next one removes.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Plugin } from "esbuild";
import { asError, MillraceError } from "../../util/errors.ts";
import { mapStacks } from "./map-stacks.ts";

/** No command takes so long to load a module. */
const LEFTOVER_AGE_MS = 3_600_000;
const WRITE_ATTEMPTS_MAX = 5;

/** Calls `load` with the URL of the bundle of `file`. Fails with `MR2111` if it does not compile, `MR2105` without esbuild. */
export async function withBundle<T>(file: string, load: (url: string) => Promise<T>): Promise<T> {
  const text = await compile(file);
  const directory = join(packageRoot(dirname(file)), "node_modules", ".cache", "millrace");
  const digest = createHash("sha256").update(file).update(text).digest("hex").slice(0, 16);
  const bundle = join(directory, `${digest}-${process.pid}.mjs`);
  try {
    await write(bundle, text);
    await removeLeftovers(directory, bundle);
    const { href } = pathToFileURL(bundle);
    mapStacks(href, text);
    return await load(href);
  } finally {
    await rm(bundle, { force: true });
    await removeEmpty([directory, dirname(directory), dirname(dirname(directory))]);
  }
}

async function compile(file: string): Promise<string> {
  const { build } = await importEsbuild();
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      // Not written by esbuild, but the paths in the source map are relative to it.
      outfile: `${file}.mjs`,
      write: false,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      sourcemap: "inline",
      sourcesContent: false,
      sourceRoot: `${pathToFileURL(dirname(file)).href}/`,
      logLevel: "silent",
      define: {
        "import.meta.url": "__millrace_url",
        "import.meta.filename": "__millrace_filename",
        "import.meta.dirname": "__millrace_dirname",
      },
      plugins: [MILLRACE_IS_THIS_COPY, IMPORT_META_IS_THE_SOURCE],
    });
    return outputFiles[0]?.text ?? "";
  } catch (error) {
    throw new MillraceError("MR2111", `the job cannot be compiled: ${reasonOf(error)}`, { cause: error });
  }
}

const MILLRACE_IS_THIS_COPY: Plugin = {
  name: "millrace-is-this-copy",
  setup(api) {
    api.onResolve({ filter: /^millrace(\/.*)?$/ }, (args) => ({
      path: import.meta.resolve(args.path),
      external: true,
    }));
  },
};

/** The first of esbuild's messages, with its place. */
function reasonOf(error: unknown): string {
  const { errors = [] } = error as Partial<BuildFailure>; // esbuild rejects with nothing else
  const [first] = errors;
  if (first === undefined) return asError(error).message;
  const { location, text } = first;
  const place = location === null ? "" : `${location.file}:${location.line}:${location.column + 1}: `;
  return `${place}${text}${errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`}`;
}

/** In front of the first line, so that lines keep their numbers. */
const IMPORT_META_IS_THE_SOURCE: Plugin = {
  name: "import-meta-is-the-source",
  setup(api) {
    api.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      if (!source.includes("import.meta") || source.startsWith("#!")) return undefined;
      const meta = {
        __millrace_url: pathToFileURL(path).href,
        __millrace_filename: path,
        __millrace_dirname: dirname(path),
      };
      const constants = Object.entries(meta).map(([name, text]) => `const ${name} = ${JSON.stringify(text)};`);
      return { contents: `${constants.join("")}${source}`, loader: extname(path).includes("t") ? "ts" : "js" };
    });
  },
};

async function importEsbuild(): Promise<typeof import("esbuild")> {
  try {
    return await import("esbuild");
  } catch (error) {
    const sentence =
      "TypeScript jobs are compiled with esbuild, which is not installed: npm install --save-dev esbuild";
    throw new MillraceError("MR2105", sentence, { cause: error });
  }
}

function packageRoot(directory: string): string {
  if (existsSync(join(directory, "package.json"))) return directory;
  const above = dirname(directory);
  return above === directory ? process.cwd() : packageRoot(above);
}

/** Best effort: another command may be removing the same. */
async function removeLeftovers(directory: string, own: string): Promise<void> {
  const { mtimeMs: nowMs } = await stat(own);
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => nowMs - mtimeMs,
      () => 0,
    );
    if (age > LEFTOVER_AGE_MS) await rm(path, { force: true });
  }
}

/** Another command may remove the directory, which is empty, just after we have made sure of it. */
async function write(path: string, text: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(dirname(path), { recursive: true });
      return await writeFile(path, text);
    } catch (error) {
      if (attempt === WRITE_ATTEMPTS_MAX || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // what file systems reject with
    }
  }
}

/** Innermost first, up to the first in which there is something. */
async function removeEmpty(directories: readonly string[]): Promise<void> {
  try {
    for (const directory of directories) await rmdir(directory);
  } catch {
    // Not empty, or gone.
  }
}
