/**
 * Loads the code of an operator, a fresh copy of its module for each position in the graph.
 *
 * Reason: V8 keeps one set of inline caches per function, and an operator class shared by two positions calls two different successors, so nothing
 * is fused: five operators in a chain run at 15–20 M records/s shared and at 70–110 M/s as copies. A copy costs 19 KB and 0.5 ms and can never be
 * unloaded, hence the bound. A position is (job, vertex, operator), the same for all subtasks and restarts.
 *
 * Where copies cannot be loaded (sources run unbuilt, bundles), are switched off, or are too many, the shared module is used: same results, slower.
 */
import { createHash } from "node:crypto";
import type { JobGraph } from "../graph/job-graph-types.ts";
import { SHARED_MODULES } from "./operator-modules.ts";
import { MillraceError } from "../util/errors.ts";

const COPIES_MAX = 4_096;

export class ModuleCopies {
  readonly #enabled: boolean;
  readonly #job: string;
  readonly #positions: Set<string>;

  /** `job`: see {@link codeFingerprint}. */
  constructor(options: { readonly enabled: boolean; readonly job: string }) {
    this.#enabled = options.enabled && import.meta.url.endsWith(".js");
    this.#job = options.job;
    this.#positions = new Set();
  }

  /** `name` is a key of `SHARED_MODULES`; `done` is called at once where no copy is made. */
  load(name: string, position: string, done: (module: unknown) => void): void {
    const shared = SHARED_MODULES[name];
    if (shared === undefined)
      throw new MillraceError("MR3006", `there is no operator "${name}" in this version of millrace`);
    const copy = `${name}?${position}`;
    if (!this.#enabled || (this.#positions.size >= COPIES_MAX && !this.#positions.has(copy))) {
      done(shared);
      return;
    }
    this.#positions.add(copy);
    import(new URL(`../${pathOf(name)}.js?${this.#job}/${position}`, import.meta.url).href).then(
      (module: unknown) => done(module),
      () => done(shared), // no such file: bundled
    );
  }
}

/**
 * Tells jobs apart whose graphs look the same but call different functions: the graph's fingerprint with the text of all functions in it. The same job
 * run twice in one process shares its copies.
 */
export function codeFingerprint(graph: JobGraph): string {
  const hash = createHash("sha256").update(graph.fingerprint);
  const add = (value: unknown): void => {
    if (typeof value === "function") hash.update(Function.prototype.toString.call(value));
    else if (typeof value === "object" && value !== null)
      for (const inner of Object.values(value)) if (typeof inner === "function") add(inner);
  };
  for (const vertex of graph.vertices) {
    for (const { spec } of vertex.operators)
      for (const value of [...Object.values(spec.functions), ...Object.values(spec.parameters)]) add(value);
  }
  return hash.digest("hex").slice(0, 16);
}

function pathOf(name: string): string {
  return name.startsWith("runtime/") ? name : `operators/${name}`;
}
