/**
 * What must not be written, where, and what to write instead.
 *
 * The engine reaches the world through parameters only, since the simulator must be able to play it; the files that implement such a parameter are
 * the exceptions, and they are listed here.
 */
import { isTypeScript, matches } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Files in which it is the very thing to do. */
  readonly except?: RegExp;
}

/** Talks to people, not to the simulator. */
const COMMAND_LINE = /^core\/cluster\/cli\//;
/** Where a process is put together from real parts. */
const COMPOSITION = /^core\/cluster\/(?:local|system-)/;
const CLOCK = /^core\/time\/system-clock\.ts$/;
/** The program of a slot reads the bundle that it runs. */
const FILES = /^core\/(?:storage\/(?:fs|node-)[^/]*\.ts$|cluster\/(?:local|system-|slot-program))/;
/** A slot is a thread, or a process. */
const THREADS = /^core\/cluster\/(?:threads|processes)\//;

const CLOCK_CURE = "take a `Clock` as a parameter";

/** Applied to code without comments and texts, in core/. */
const ENGINE_BANS: readonly Ban[] = [
  { pattern: /\bDate\.now\b/g, instead: `${CLOCK_CURE} and call nowMs()`, except: CLOCK },
  { pattern: /\bnew Date\(\s*\)/g, instead: `${CLOCK_CURE} and call nowMs()`, except: CLOCK },
  { pattern: /\bperformance\s*\./g, instead: `${CLOCK_CURE} and call elapsedMs()`, except: CLOCK },
  { pattern: /\bprocess\.hrtime\b/g, instead: `${CLOCK_CURE} and call elapsedMs()` },
  { pattern: /\b(?:setTimeout|setInterval)\b/g, instead: `${CLOCK_CURE} and call schedule()`, except: CLOCK },
  {
    pattern: /\bsetImmediate\b/g,
    instead: `${CLOCK_CURE} and call yield()`,
    except: /^core\/(?:time\/system-clock|storage\/(?:fs|node-)[^/]*)\.ts$/,
  },
  { pattern: /\bqueueMicrotask\b/g, instead: `${CLOCK_CURE} and call yield(): microtasks run in V8's order` },
  { pattern: /\bprocess\.nextTick\b/g, instead: `${CLOCK_CURE} and call yield(): ticks run in Node's order` },
  { pattern: /\bprocess\.env\b/g, instead: "take a `Config` as a parameter", except: COMPOSITION },
  { pattern: /\bMath\.random\b/g, instead: "take a `Random` as a parameter", except: COMPOSITION },
  {
    pattern: /\bcrypto\s*\.\s*(?:random|getRandom)\w*/g,
    instead: "take a `Random` as a parameter",
    except: COMPOSITION,
  },
  { pattern: /\brandom(?:UUID|Bytes|FillSync)\b/g, instead: "take a `Random` and use `randomHex`", except: FILES },
  { pattern: /\bAbortSignal\.timeout\b/g, instead: `${CLOCK_CURE} and call schedule()` },
  { pattern: /\bWeakRef\b/g, instead: "close what you hold: what the collector does cannot be replayed" },
  { pattern: /\bFinalizationRegistry\b/g, instead: "close what you hold: what the collector does cannot be replayed" },
  {
    pattern: /\bprocess\.(?:exit|on|once|stdout|stderr|stdin)\b/g,
    instead: "leave the process to core/cluster/cli",
    except: /^core\/(?:cluster\/(?:system-|processes\/slot-process)|api\/stdout\.ts$)/,
  },
];

/** Applied to imports, in core/. */
const MODULE_BANS: readonly Ban[] = [
  {
    pattern: /["'](?:node:)?fs(?:\/promises)?["']/g,
    instead: "take a `FileSystem` or a `BlobStore` as a parameter",
    except: FILES,
  },
  { pattern: /["'](?:node:)?(?:net|tls|http|https|http2|dgram)["']/g, instead: "take a `Transport` as a parameter" },
  {
    pattern: /["'](?:node:)?(?:worker_threads|child_process|cluster)["']/g,
    instead: "take a `Spawner` as a parameter",
    except: THREADS,
  },
  { pattern: /["'](?:node:)?timers(?:\/promises)?["']/g, instead: `${CLOCK_CURE} and call schedule()` },
  { pattern: /["'](?:node:)?os["']/g, instead: "take the value as a parameter", except: COMPOSITION },
];

/** Applied to the code of everything that is shipped. */
const SHAPE_BANS: readonly Ban[] = [
  {
    pattern: /\bclass \w+(?:<[^{]*?>)? extends (?!Error\b)\w+/g,
    instead: "hand in what is shared as a parameter: no class of ours extends another, `Error` excepted",
  },
  { pattern: /\b(?:enum|namespace) \w+ \{/g, instead: "write a union of literals" },
  { pattern: /(?<![.\w])eval\(/g, instead: "write the code down" },
];

/** Applied to every text file. */
const EVERYWHERE_BANS: readonly Ban[] = [
  { pattern: /\.\.\/shared\b/g, instead: "the project stands alone: say what is meant in our own docs" },
  {
    pattern: /(?<![\w.-])\/(?:work\/(?:main|shared)|home\/\w+|Users\/\w+|root\/\w+)/g,
    instead: "write a path relative to the project: other machines have other folders",
  },
  {
    pattern: /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\.\w+/g,
    instead: "leave the registry to the user's own settings (.npmrc keeps it out of the lock file)",
  },
  { pattern: /"resolved": "https?:/g, instead: "keep `omit-lockfile-registry-resolved=true` in .npmrc and lock again" },
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b/g,
    instead: "do it now, or write into the docs what is missing",
    except: /^\.ci\/tidy\//,
  },
];

export const bans: Rule = {
  name: "bans",
  check: (project: Project) => project.files.flatMap((file) => [...engine(file), ...shape(file), ...everywhere(file)]),
};

function engine(file: SourceFile): Violation[] {
  if (!file.path.startsWith("core/") || !file.path.endsWith(".ts") || COMMAND_LINE.test(file.path)) return [];
  const imports = file.uncommented
    .split("\n")
    .map((line) => (/\bfrom\s+["']|\bimport\s*\(?\s*["']/.test(line) ? line : ""))
    .join("\n");
  return [...apply(file, file.code, ENGINE_BANS), ...apply(file, imports, MODULE_BANS)];
}

function shape(file: SourceFile): Violation[] {
  return /^(?:core|connectors|statefun)\//.test(file.path) && isTypeScript(file.path)
    ? apply(file, file.code, SHAPE_BANS)
    : [];
}

function everywhere(file: SourceFile): Violation[] {
  return apply(file, file.text, EVERYWHERE_BANS);
}

function apply(file: SourceFile, text: string, list: readonly Ban[]): Violation[] {
  return list
    .filter(({ except }) => except === undefined || !except.test(file.path))
    .flatMap(({ pattern, instead }) =>
      matches(file, text, pattern, ([found]) => `\`${found.trim()}\` is banned here: ${instead}`),
    );
}
