/**
 * The simulator as one file, with at most one planted bug in the engine.
 *
 * In:    the sources, a mutant. Out: `node_modules/.cache/millrace/mutants/<id>.mjs`, to be run by Node alone. State: that folder.
 *
 * Bundled code never loads copies of operators per position (see core/runtime/copies.ts), so that one patch reaches every use of an operator.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { patched } from "./mutant.ts";
import type { Mutant } from "./mutant.ts";

/** The bundle of the engine as it is. */
const UNPATCHED = "unpatched";

/** Returns the path of the bundle. `root` is the folder of the repository. */
export async function bundleOf(root: string, mutant?: Mutant): Promise<string> {
  const folder = join(root, "node_modules/.cache/millrace/mutants");
  let applied = mutant === undefined;
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["test/mutants/hunt.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
    // Found from the folder of the bundle upwards.
    external: ["esbuild", "fast-check"],
    logLevel: "error",
    plugins: mutant === undefined ? [] : [patching(root, mutant, () => (applied = true))],
  });
  if (!applied)
    throw new Error(`mutant ${mutant?.id}: the simulator does not use ${mutant?.file}, so it cannot meet the bug`);
  const path = join(folder, `${mutant?.id ?? UNPATCHED}.mjs`);
  // Whole or not at all: another process may be about to run it.
  const draft = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(draft, outputFiles[0]?.contents ?? "");
  await rename(draft, path);
  return path;
}

function patching(root: string, mutant: Mutant, applied: () => void): Plugin {
  const path = join(root, mutant.file);
  return {
    name: `mutant ${mutant.id}`,
    setup: (bundle) =>
      // Of that one file alone: esbuild reads all others by itself, and is faster by a third.
      bundle.onLoad({ filter: new RegExp(`${path.replaceAll(/[^\w/]/g, String.raw`\$&`)}$`) }, async () => {
        const contents = patched(mutant, await readFile(path, "utf8"));
        applied();
        return { contents, loader: "ts" };
      }),
  };
}
