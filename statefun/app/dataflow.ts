/**
 * The dataflow of stateful functions, made of the engine's own operators:
 *
 *     source ─ router ─┐                  ┌─ by id, back to the functions
 *     source ─ router ─┴─ by id ─ functions ─┴─ egress ─ sink
 *
 * In:   an application, or streams of routables with functions. Out: nodes of a graph. Every operator has a uid that follows from a name in the
 *       application, so that a new version finds its state whatever else has changed.
 */
import type { DataStream } from "../../core/api/data-stream.ts";
import type { StreamExecutionEnvironment } from "../../core/api/environment.ts";
import { memberOf, refuse } from "../../core/api/refuse.ts";
import type { StreamGraph } from "../../core/graph/stream-graph.ts";
import { OutputTag } from "../../core/operators/contracts/functions.ts";
import type { Source, SourceSplit } from "../../core/operators/contracts/source.ts";
import { WatermarkStrategy } from "../../core/time/watermark-strategy.ts";
import { described } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import { keyOfEnvelope } from "../envelope.ts";
import type { Envelope } from "../envelope.ts";
import { createFunctionGroup } from "../group/function-group.ts";
import { GROUP_OPERATOR, groupUid, USUAL_GROUP } from "../group/saved-names.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import { refuseMissingTargets } from "../module/application.ts";
import type { Application, RoutedIngress } from "../module/application.ts";
import type { EgressSink, EgressSpec } from "../module/egress.ts";
import { requireGuarantee } from "../module/guarantee.ts";
import type { IngressSource } from "../module/ingress.ts";
import { checkedOptions } from "./group-options.ts";
import type { GroupOptions } from "./group-options.ts";
import { addHttp } from "./http-dataflow.ts";
import { routingOf } from "./routing.ts";

/** Adds an application to the graph of an environment. */
export function addApplication(env: StreamExecutionEnvironment, application: Application, options: GroupOptions): void {
  const { functions, namespaces, ingresses, egresses, http } = application;
  const routed = ingresses.map(({ spec, targets }) => ({ ingress: spec.ingress, targets }));
  const sources = ingresses.map((routed) => addIngress(env, routed));
  const inputs = sources.map(({ messages }) => messages);
  const parts = { name: USUAL_GROUP, functions, namespaces, egresses: egresses.map(({ egress }) => egress), http };
  const group = addGroup(env, inputs, { ...parts, routed, options });
  for (const egress of egresses) {
    const values = group.getSideOutput(new OutputTag<never>(egress.egress));
    const asides = sources.flatMap((source) => asideFor(egress.egress, source));
    addEgress(env, egress, asides.length === 0 ? values : values.union(...asides));
  }
  for (const { egress, sink } of egresses) if (typeof sink === "function") requireSink(env.getStreamGraph(), egress);
}

/** Also behind what another egress does with its stream. Without a sink, all values would be lost without a word. */
function requireSink({ nodes, edges }: StreamGraph, egress: TypeName): void {
  const behind = new Set(edges.filter(({ sideOutput }) => sideOutput === egress).map(({ to }) => to));
  for (const id of behind) for (const edge of edges) if (edge.from === id) behind.add(edge.to);
  if (nodes.some(({ id, spec }) => spec.module === "sink" && behind.has(id))) return;
  refuse(
    "MR9042",
    `the stream of the egress ${egress} ends in no sink, so its values would be lost: end it in sinkTo(...) or print(), or in discard() if that is meant`,
  );
}

function addEgress(
  env: StreamExecutionEnvironment,
  { egress, sink, guarantee }: EgressSpec<never>,
  values: DataStream<never>,
): void {
  const to = sink as EgressSink<never>; // the identifier's method `to` has looked at it
  if (typeof to !== "function") {
    values.sinkTo(to).name(egress).uid(`${egress}-egress`);
    return;
  }
  const before = env.getStreamGraph().nodes.length;
  to(values);
  if (guarantee === undefined) return;
  const added = env.getStreamGraph().nodes.slice(before);
  const sinks = added.filter(({ spec, kind }) => spec.module === "sink" && kind !== "discard-sink");
  requireGuarantee(
    egress,
    guarantee,
    sinks.map(({ name, spec }) => ({ name, sink: spec.parameters["sink"] })),
  );
}

interface AddedIngress {
  readonly aside: RoutedIngress["spec"]["aside"];
  readonly records: DataStream<unknown>;
  readonly messages: DataStream<Envelope>;
}

function addIngress(env: StreamExecutionEnvironment, { spec, routes }: RoutedIngress): AddedIngress {
  const { ingress, source, watermarks, parallelism, check, onInvalid, aside } = spec;
  const records = streamOf(env, source as IngressSource<unknown>, { ingress, watermarks, parallelism }); // `from` has looked at it
  return { aside, records, messages: addRouter(env, records, { ingress, check, onInvalid, routes }) };
}

/** What the source could not read, if that egress is to have it. */
function asideFor(egress: TypeName, { aside, records }: AddedIngress): readonly DataStream<never>[] {
  return aside?.egress === egress ? [records.getSideOutput(new OutputTag<never>(aside.tag))] : [];
}

function streamOf(
  env: StreamExecutionEnvironment,
  source: IngressSource<unknown>,
  { ingress, watermarks, parallelism }: Pick<RoutedIngress["spec"], "ingress" | "watermarks" | "parallelism">,
): DataStream<unknown> {
  if (typeof source === "function") return requireStream(source(env), ingress);
  const strategy = (watermarks ?? WatermarkStrategy.noWatermarks()) as WatermarkStrategy<unknown>; // made for the source's records
  const stream = env
    .fromSource<unknown, SourceSplit, unknown>(source as Source<unknown, SourceSplit>, strategy, ingress) // as `from` checked
    .uid(`${ingress}-ingress`);
  return parallelism === undefined ? stream : stream.setParallelism(parallelism);
}

function requireStream(given: unknown, ingress: TypeName): DataStream<unknown> {
  if (typeof memberOf(given, "flatMap") === "function" && typeof memberOf(given, "keyBy") === "function")
    return given as DataStream<unknown>; // nothing else has both
  return refuse(
    "MR9042",
    `the function of the ingress ${ingress} returned ${described(given)}: it returns a stream, such as (env) => env.fromSource(...), and is not async`,
  );
}

/** Runs where its input does: an exchange between the two would lose the order of a partition. */
export function addRouter(
  env: StreamExecutionEnvironment,
  records: DataStream<unknown>,
  options: Parameters<typeof routingOf>[0],
): DataStream<Envelope> {
  const { ingress } = options;
  const routed = records.flatMap<Envelope>(routingOf(options)).name(`router (${ingress})`).uid(`${ingress}-router`);
  const parallelism = parallelismBefore(env);
  return parallelism === undefined ? routed : routed.setParallelism(parallelism);
}

/** That of what feeds the operator that was added last, where it is set and the same for all. */
function parallelismBefore(env: StreamExecutionEnvironment): number | undefined {
  const graph = env.getStreamGraph();
  const last = graph.nodes.at(-1);
  if (last === undefined) return undefined;
  const edges = graph.inputsOf(last.id);
  const [first, ...others] = edges.map(({ from }) => graph.nodes.find(({ id }) => id === from)?.parallelism);
  const plain = edges.every(({ partitioning }) => partitioning === undefined);
  return plain && others.every((parallelism) => parallelism === first) ? first : undefined;
}

export interface GroupParts {
  /** Begins the uid of the operator. */
  readonly name: string;
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
  readonly egresses: readonly TypeName[];
  /** Targets that are known before anything is forwarded. */
  readonly routed: readonly Parameters<typeof refuseMissingTargets>[0][];
  /** One input more. */
  readonly http: HttpIngressSpec | undefined;
  readonly options: GroupOptions;
}

/** The functions behind at least one stream; the result has a side output per egress. Errors: `MR9042`, `MR9041` of the options; `MR9041` a target is not bound, where unknown functions fail the job. */
export function addGroup(
  env: StreamExecutionEnvironment,
  streams: readonly DataStream<Envelope>[],
  { name, functions, namespaces, egresses, routed, http: spec, options }: GroupParts,
): DataStream<Envelope> {
  const checked = checkedOptions(options, egresses);
  if (checked.onUnknownFunction?.kind !== "dead-letter")
    for (const each of routed) refuseMissingTargets(each, { functions, namespaces });
  const http = spec && addHttp(env, spec, { functions, namespaces });
  const inputs = http === undefined ? streams : [...streams, http.requests];
  const [first, ...others] = inputs as readonly [DataStream<Envelope>, ...DataStream<Envelope>[]]; // as callers made sure
  const all = others.length === 0 ? first : first.union(...others);
  const makeOperator = createFunctionGroup({
    ...checked,
    functions,
    namespaces,
    egresses: new Set(egresses),
    keepHttpKeysMs: spec?.keepKeysMs,
    httpFunctionsMax: spec?.functionsMax,
  });
  const group = all
    .keyBy(keyOfEnvelope)
    .transform<Envelope>(GROUP_OPERATOR, makeOperator, { loopBy: keyOfEnvelope })
    .uid(groupUid(name));
  http?.answer(group);
  return group;
}
