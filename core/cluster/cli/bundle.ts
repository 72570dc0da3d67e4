/**
 * A TypeScript job as one JavaScript module, made by esbuild, for as long as somebody may import it.
 *
 * In the bundle, packages stay outside, and `millrace` is the copy that runs the command: two copies of the engine would not recognise each other's
 * objects. `import.meta` means the source file, as if nothing had been bundled, and stacks name its lines.
 *
 * A bundle lies in `node_modules/.cache/millrace` of the job's package, so that imports of packages are found. What a command that
 * was killed has left there, a later one removes.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Plugin } from "esbuild";
import { asError, MillraceError } from "../../util/errors.ts";
import { mapStacks } from "../map-stacks.ts";

/** Younger ones may belong to a process that is not seen from here, such as that of another container. */
const LEFTOVER_AGE_MS = 3_600_000;
/** The name of one, with the process that it belongs to. */
const BUNDLE = /-(\d+)\.mjs$/;
const WRITE_ATTEMPTS_MAX = 5;

/** A module that lies in a file for as long as somebody may import it. */
export interface Bundle {
  readonly url: string;
  /** Takes the file away. */
  readonly remove: () => Promise<void>;
}

/** Fails with `MR2111` if the file does not compile, `MR2105` without esbuild. */
export async function makeBundle(file: string): Promise<Bundle> {
  const text = await compile(file);
  const directory = join(packageRoot(dirname(file)), "node_modules", ".cache", "millrace");
  const digest = createHash("sha256").update(file).update(text).digest("hex").slice(0, 16);
  const path = join(directory, `${digest}-${process.pid}.mjs`);
  const remove = async (): Promise<void> => {
    await rm(path, { force: true });
    await removeEmpty([directory, dirname(directory), dirname(dirname(directory))]);
  };
  try {
    await write(path, text);
    await removeLeftovers(directory, path);
  } catch (error) {
    await remove();
    throw error;
  }
  const { href } = pathToFileURL(path);
  mapStacks(href, text);
  return { url: href, remove };
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

/** Best effort: another command may be removing the same. One that runs on threads imports its bundle whenever a thread starts, also after days. */
async function removeLeftovers(directory: string, own: string): Promise<void> {
  const { mtimeMs: nowMs } = await stat(own);
  for (const name of await readdir(directory)) {
    const pid = BUNDLE.exec(name)?.[1];
    if (pid === undefined) continue; // somebody else's
    const path = join(directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => nowMs - mtimeMs,
      () => 0,
    );
    if (age > LEFTOVER_AGE_MS && !isRunning(Number(pid))) await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // sends nothing
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is another user's
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
