/**
 * Imports point down only. The linter checks the same for static imports; this rule also sees dynamic ones and re-exports, and is the list to read.
 */
import { lineAt, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

/** Per folder of core, the folders it may import from, besides itself. Siblings are mutually blind. */
const LOWEST = ["util"];
const SECOND = [...LOWEST, "types", "time", "storage", "metrics"];
const KEPT_AND_MOVED = [...SECOND, "state", "network"];
const TO_GRAPH = [...KEPT_AND_MOVED, "operators", "graph"];

export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  types: LOWEST,
  time: LOWEST,
  storage: LOWEST,
  metrics: LOWEST,
  state: SECOND,
  network: SECOND,
  operators: KEPT_AND_MOVED,
  graph: [...KEPT_AND_MOVED, "operators"],
  api: TO_GRAPH,
  runtime: TO_GRAPH,
  checkpoint: [...TO_GRAPH, "runtime"],
  cluster: [...TO_GRAPH, "api", "runtime", "checkpoint"],
  /** core/index.ts */
  "": [...TO_GRAPH, "api"],
};

/** Parts of core that connectors do not see. */
const HIDDEN_FROM_CONNECTORS = new Set(["runtime", "network", "checkpoint", "cluster"]);

/**
 * What is imported when it is needed, and not before: by the public API the executor, since building a graph loads no cluster; by the command line what is
 * shipped beside core, since it is the front door of the whole package.
 */
const DOORS: readonly { readonly from: RegExp; readonly to: RegExp }[] = [
  { from: /^core\/(?:api\/|index\.ts$)/, to: /^core\/cluster\/local[^/]*\.ts$/ },
  { from: /^core\/cluster\/cli\//, to: /^statefun\/read\// },
];

interface Import {
  readonly specifier: string;
  readonly target: string;
  readonly line: number;
  readonly dynamic: boolean;
}

export const layers: Rule = {
  name: "layers",
  check: (project: Project) =>
    sourcesIn(project, "core", "connectors", "statefun", "examples").flatMap((file) =>
      importsOf(file).flatMap((found) => judge(file, found)),
    ),
};

function judge(file: SourceFile, found: Import): Violation[] {
  const complain = (message: string): Violation[] => [{ path: file.path, line: found.line, message }];
  const [root = ""] = file.path.split("/");
  const [targetRoot = ""] = found.target.split("/");
  if (root === "examples") {
    return targetRoot === "examples"
      ? []
      : complain(`an example may not import ${found.specifier}: import "millrace" by name, as its reader will`);
  }
  if (["test", "bench", "examples", "dist"].includes(targetRoot)) {
    return complain(`what is shipped may not import ${found.target}: move the shared part into core`);
  }
  if (root !== "core") {
    const hidden = targetRoot === "core" && HIDDEN_FROM_CONNECTORS.has(layerOf(found.target));
    return hidden
      ? complain(
          `${root} may not import ${found.target}: take what you need from core/operators/contracts, core/api or below`,
        )
      : [];
  }
  if (found.dynamic && DOORS.some(({ from, to }) => from.test(file.path) && to.test(found.target))) return [];
  if (targetRoot !== "core") return complain(`core may not import ${found.target}: core knows none of its users`);
  const from = layerOf(file.path);
  const to = layerOf(found.target);
  if (from === to && from !== "") return [];
  if (MAY_IMPORT[from]?.includes(to) === true) return [];
  if (MAY_IMPORT[from] === undefined)
    return complain(
      `core/${from} is no layer: put the file into an existing folder, or add the layer to .ci/tidy/layers.ts`,
    );
  return complain(
    `core/${from} may not import ${found.target}: imports point down; take it as a parameter, or move what is shared down`,
  );
}

function layerOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? (parts[1] ?? "") : "";
}

function importsOf(file: SourceFile): Import[] {
  const pattern = /\b(?:from|import)\s*(?<call>\()?\s*["'](?<specifier>\.{1,2}\/[^"']+)["']/g;
  return [...file.uncommented.matchAll(pattern)].map((match) => {
    const specifier = match.groups?.["specifier"] ?? "";
    return {
      specifier,
      target: resolve(file.path, specifier),
      line: lineAt(file.text, match.index),
      dynamic: match.groups?.["call"] !== undefined,
    };
  });
}

function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
