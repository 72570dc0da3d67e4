/**
 * Goal:   the dataflow of an application does not depend on the order in which its parts are bound, nor on how they are spread over modules; whatever is
 *         bound twice is refused in every order.
 * Method: permutations of the parts, cut into modules at random; the graph is compared node by node and edge by edge, with uids, names and parallelism, and
 *         what comes out of a few of them.
 * Replay: MILLRACE_SEED=<seed> of the failure that fast-check prints.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { addApplication } from "../../../statefun/app/dataflow.ts";
import { module } from "../../../statefun/index.ts";
import type { Bindable, StatefulFunctionModule } from "../../../statefun/index.ts";
import { assemble } from "../../../statefun/module/application.ts";
import { refusal } from "../define/refusal.ts";
import { allParts } from "./parts.ts";

const seed = process.env["MILLRACE_SEED"];
const options = seed === undefined ? {} : { seed: Number(seed) };
const written: unknown[] = [];
const parts = allParts(written);

/** Every part once, with the number of the module that binds it. */
const bindings = fc.tuple(
  fc.shuffledSubarray([...parts.keys()], { minLength: parts.length }),
  fc.array(fc.nat({ max: 3 }), { minLength: parts.length, maxLength: parts.length }),
);

function modulesOf([order, places]: readonly [readonly number[], readonly number[]]): StatefulFunctionModule[] {
  const lists: Bindable[][] = [[], [], [], []];
  order.forEach((part, index) => lists[places[index] ?? 0]?.push(...parts.slice(part, part + 1)));
  return lists.map((list, index) => module(() => list, { name: `m${index}` }));
}

function topology(modules: readonly StatefulFunctionModule[]): unknown {
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
  addApplication(env, assemble(modules), {});
  const { nodes, edges } = env.getStreamGraph();
  return {
    nodes: nodes.map(({ id, kind, name, uid, parallelism, stateful, keyed }) => ({
      id,
      kind,
      name,
      uid,
      parallelism,
      stateful,
      keyed,
    })),
    edges: edges.map(({ from, to, input, sideOutput, partitioning }) => ({
      from,
      to,
      input,
      sideOutput,
      kind: partitioning?.kind,
    })),
    plan: env.explain({ format: "json" }),
  };
}

test("every order of binding makes the same dataflow", () => {
  const expected = topology([module(() => parts)]);
  fc.assert(
    fc.property(bindings, (given) => {
      expect(topology(modulesOf(given))).toEqual(expected);
    }),
    { numRuns: 60, ...options },
  );
});

test("every order of binding has the same results", async () => {
  const resultOf = async (modules: readonly StatefulFunctionModule[]): Promise<string[]> => {
    written.splice(0);
    const env = StreamExecutionEnvironment.create();
    addApplication(env, assemble(modules), {});
    await env.execute();
    return written.map((value) => JSON.stringify(value)).toSorted();
  };
  const expected = await resultOf([module(() => parts)]);
  expect(expected).toEqual(['"Ada greeted 1"', '"apple added 1"', '"apple greeted 1"']);
  await fc.assert(
    fc.asyncProperty(bindings, async (given) => {
      expect(await resultOf(modulesOf(given))).toEqual(expected);
    }),
    { numRuns: 10, ...options },
  );
});

test("a part that is bound twice is refused in every order, and routers are not", () => {
  fc.assert(
    fc.property(bindings, fc.nat({ max: parts.length - 1 }), (given, doubled) => {
      const [again] = parts.slice(doubled, doubled + 1);
      const extra = module(() => (again === undefined ? [] : [again]), { name: "again" });
      const isRouter = again !== undefined && "bound" in again && again.bound === "router";
      const sentence = refusal(() => assemble([...modulesOf(given), extra]));
      if (isRouter) expect(sentence).toBe("nothing");
      else expect(sentence).toMatch(/^MR9040: m\d and again both bind/);
    }),
    { numRuns: 60, ...options },
  );
});
