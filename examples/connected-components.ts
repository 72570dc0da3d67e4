/**
 * Finds out who is connected with whom: `npx millrace run examples/connected-components.ts`, or with edges of your own `... -- --edges friends.txt`.
 *
 * What one learns: a graph algorithm as messages between vertices. Nobody counts rounds and nobody decides when it is over: the job ends once no message is on its way any more.
 *
 * In:    a file with an edge per line, as the names of two vertices. Out: the component of each vertex, named after its first member, printed.
 * State: per vertex, its neighbours, and the first name that it has heard of so far.
 *
 * Each vertex tells its neighbours the first name that it knows, in the order of the alphabet, and again whenever it hears of an earlier one. Nobody knows alone that his name will not
 * change any more. So each vertex writes a letter to itself that is due in a year: at the end of a bounded job what waits for the clock is delivered as soon as everything else is quiet
 * (`onEndOfInput: "fire"`), and then the names are final.
 */
import { fileURLToPath } from "node:url";
import { WatermarkStrategy } from "millrace";
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { fileSource, textLines } from "millrace/connectors/files";
import { egress, fn, ingress, module, router, statefunJob, table, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
} from "millrace/statefun";
import { optionValues, usageOf } from "./support/options.ts";

/** The names of two vertices. */
export type Edge = readonly [from: string, to: string];

export interface Membership {
  readonly vertex: string;
  readonly component: string;
}

const OPTIONS = {
  edges: { value: "FILE", meaning: "a file with two names per line", default: "" },
} as const;
/** Unless `--edges` says otherwise. */
const EDGES_FILE = fileURLToPath(new URL("./support/edges.txt", import.meta.url));

export const EDGES: IngressIdentifier<Edge> = ingress("graph/edges", type<Edge>());
export const MEMBERSHIPS: EgressIdentifier<Membership> = egress("graph/memberships", type<Membership>());

interface VertexMessages {
  readonly connect: string;
  readonly hear: string;
  readonly report: null;
}

export const vertex: StatefulFn<VertexMessages> = fn("graph/vertex", {
  accepts: { connect: type<string>(), hear: type<string>(), report: type<null>() },
  state: { neighbours: table<string, true>(), component: value<string>() },
  handle: {
    connect(ctx, neighbour) {
      const { component = ctx.self.id, neighbours } = ctx.state;
      ctx.state.component = component;
      neighbours.set(neighbour, true);
      ctx.send(vertex.at(neighbour), "hear", component);
      ctx.sendAfter("365d", ctx.self, "report", null, { token: "report", onDuplicate: "keep" });
    },
    hear(ctx, name) {
      const { component = ctx.self.id, neighbours } = ctx.state;
      if (name >= component) return;
      ctx.state.component = name;
      for (const neighbour of neighbours.keys()) ctx.send(vertex.at(neighbour), "hear", name);
    },
    report(ctx) {
      const { id } = ctx.self;
      ctx.send(MEMBERSHIPS, { vertex: id, component: ctx.state.component ?? id });
    },
  },
});

/** Both ends learn of an edge. */
export const edgeRouter: RouterSpec = router(EDGES, ([from, to], downstream) => {
  downstream.forward(vertex.at(from), "connect", to);
  downstream.forward(vertex.at(to), "connect", from);
});

export const components: StatefulFunctionModule = module(
  ({ config }) => [
    vertex,
    edgeRouter,
    EDGES.from((env) => edgesIn(env, config.getOrDefault("edges", EDGES_FILE))),
    MEMBERSHIPS.to((memberships) => memberships.map(({ vertex: name, component }) => `${name}: ${component}`).print()),
  ],
  { name: "components" },
);

export function edgesIn(env: StreamExecutionEnvironment, path: string): DataStream<Edge> {
  return env
    .fromSource(fileSource({ path, format: textLines() }), WatermarkStrategy.noWatermarks(), "lines")
    .uid("lines")
    .flatMap((line, out) => {
      const [from, to] = line.trim().split(/\s+/);
      if (from !== undefined && to !== undefined) out.collect([from, to]);
    });
}

const job: JobDefinition = statefunJob("connected-components", components, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => {
    const { edges } = optionValues(args, OPTIONS);
    return { edges: edges === "" ? EDGES_FILE : edges };
  },
});
export default job;
