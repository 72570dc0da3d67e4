/**
 * Goal:   every vertex ends in the component that a plain search finds, in one or two subtasks, and exactly once whatever crashes.
 * Method: the example on its own file and on graphs by dice, against a naive search; `checkExactlyOnce` on one of them.
 */
import { fileURLToPath } from "node:url";
import { module } from "millrace/statefun";
import { checkExactlyOnce } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import job, { edgeRouter, EDGES, edgesIn, MEMBERSHIPS, vertex } from "../../examples/connected-components.ts";
import type { Edge, Membership } from "../../examples/connected-components.ts";
import { dice } from "../../examples/support/dice.ts";
import { into, runModule } from "./run-functions.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const FILE = fileURLToPath(new URL("../../examples/support/edges.txt", import.meta.url));

function graphOf(seed: number, { vertices, edges }: { readonly vertices: number; readonly edges: number }): Edge[] {
  const vertexAt = (index: number, salt: number): string =>
    `v${Math.floor(dice(seed * 1_000 + index, salt) * vertices)}`;
  return Array.from({ length: edges }, (_, index) => [vertexAt(index, 0), vertexAt(index, 1)] as const);
}

/** The first name of each vertex's component. */
function naiveMemberships(edges: readonly Edge[]): Membership[] {
  const names = [...new Set(edges.flat())].toSorted();
  const component = new Map<string, string>();
  for (const name of names) {
    if (component.has(name)) continue;
    const reached = [name];
    for (const at of reached) {
      if (component.has(at)) continue;
      component.set(at, name);
      for (const [from, to] of edges) if (from === at || to === at) reached.push(from, to);
    }
  }
  return names.map((name) => ({ vertex: name, component: component.get(name) ?? "" }));
}

function sorted(memberships: readonly Membership[]): Membership[] {
  return memberships.toSorted((left, right) => (left.vertex < right.vertex ? -1 : 1));
}

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test("the file of the example", async () => {
    const found: Membership[] = [];
    const application = module(() => [
      vertex,
      edgeRouter,
      EDGES.from((env) => edgesIn(env, FILE)),
      MEMBERSHIPS.to(into(found)),
    ]);
    await runModule(application, parallelism);
    const names = [...new Set(found.map(({ component }) => component))].toSorted().map((component) =>
      sorted(found)
        .filter((membership) => membership.component === component)
        .map((membership) => membership.vertex)
        .join(" "),
    );
    expect(names).toEqual(["ann bob cem dee", "eve fay gus hal ida joe", "kim leo"]);
  });

  test.each([1, 2, 3, 4])("graph %i by dice", async (seed) => {
    const edges = graphOf(seed, { vertices: 60, edges: 20 * seed });
    const found: Membership[] = [];
    const application = module(() => [
      vertex,
      edgeRouter,
      EDGES.from((env) => env.fromData(edges)),
      MEMBERSHIPS.to(into(found)),
    ]);
    await runModule(application, parallelism);
    expect(sorted(found)).toEqual(naiveMemberships(edges));
  });
});

test("the same whatever crashes", async () => {
  const lines = graphOf(1, { vertices: 12, edges: 12 }).map((edge) => edge.join(" "));
  await checkExactlyOnce(job, { lines }, { runs: 15, timeMs: 1_500 });
});
