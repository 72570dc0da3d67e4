/**
 * An application: what all its modules bound, checked as a whole.
 *
 * In:   modules and the global configuration. Out: functions, ingresses with their routers, and egresses, each sorted by name, so that the order of
 *       binding leaves no trace in the graph.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { nearest } from "../../core/util/nearest.ts";
import { namespaceOf } from "../address.ts";
import type { TypeName } from "../address.ts";
import { egressesOf } from "../define/error-policies.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import { Bindings } from "./bindings.ts";
import type { EgressSpec } from "./egress.ts";
import { GlobalConfig } from "./global-config.ts";
import type { IngressSpec } from "./ingress.ts";
import type { StatefulFunctionModule } from "./module.ts";
import type { Route } from "./router.ts";
import type { Target } from "./target.ts";

export interface RoutedIngress {
  readonly spec: IngressSpec<unknown>;
  /** At least one. */
  readonly routes: readonly Route<never>[];
  /** Where routers by key, and topics of Kafka, send its messages. */
  readonly targets: readonly Target<never>[];
}

export interface Application {
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
  readonly ingresses: readonly RoutedIngress[];
  readonly egresses: readonly EgressSpec<never>[];
  /** Undefined: none is bound. */
  readonly http: HttpIngressSpec | undefined;
}

/** Errors: `MR9040` bound twice; `MR9041` a part is missing; `MR9042` something is not what it should be. */
export function assemble(
  modules: readonly StatefulFunctionModule[],
  config: GlobalConfig = new GlobalConfig(),
): Application {
  const bindings = bindAll(modules, config);
  const application: Application = {
    functions: sorted(bindings.functions),
    namespaces: sorted(bindings.namespaces),
    ingresses: sorted(bindings.ingresses).map((spec) => ({
      spec,
      routes: bindings.routesOf(spec.ingress),
      targets: bindings.targetsOf(spec.ingress),
    })),
    egresses: sorted(bindings.egresses),
    http: bindings.http,
  };
  refuseRoutersWithoutIngress(bindings);
  refuseMissingParts(application);
  refuseMissingEgresses(
    application.functions,
    application.egresses.map(({ egress }) => egress),
  );
  refuseMissingAsides(application);
  return application;
}

/** What modules bind, whether or not it is an application already. Errors: `MR9040` bound twice; `MR9042` something is not what it should be. */
export function bindAll(modules: readonly StatefulFunctionModule[], config: GlobalConfig): Bindings {
  const bindings = new Bindings();
  for (const [index, module] of modules.entries()) {
    if (typeof memberOf(module, "configure") !== "function")
      refuse(
        "MR9042",
        `module ${index + 1} of the application is none: write module(({ config }) => [...]), or an object with configure(config, binder)`,
      );
    module.configure(config, bindings.binderOf(nameOf(module, index)));
  }
  return bindings;
}

function nameOf(module: StatefulFunctionModule, index: number): string {
  const { name } = module;
  if (typeof name === "string" && name !== "") return name;
  const ofClass = module.constructor.name;
  return ofClass === "Object" || ofClass === "" ? `module ${index + 1}` : ofClass;
}

/** By code units, which are the same everywhere. */
function sorted<V>(bound: ReadonlyMap<string, V>): readonly V[] {
  return [...bound].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, spec]) => spec);
}

function refuseRoutersWithoutIngress(bindings: Bindings): void {
  const known = [...bindings.ingresses.keys()];
  for (const [ingress, module] of bindings.routed) {
    if (bindings.ingresses.has(ingress)) continue;
    const suggestion = nearest(ingress, known);
    const hint = suggestion === undefined ? "bind it with its source" : `did you mean ${suggestion}?`;
    refuse("MR9041", `${module} has a router for the ingress ${ingress}, which no module binds: ${hint}`);
  }
}

/** An application without an egress is a good one. */
function refuseMissingParts({ functions, namespaces, ingresses, http }: Application): void {
  if (ingresses.length === 0 && http === undefined)
    refuse(
      "MR9041",
      "the application has no ingress, so nothing would happen: bind ingress(name, type, source), or httpIngress({ port })",
    );
  if (functions.length + namespaces.length === 0)
    refuse("MR9041", "the application has no function: bind what fn(type, { ... }) makes, or a provider");
  const silent = ingresses.find(({ routes }) => routes.length === 0);
  if (silent !== undefined)
    refuse(
      "MR9041",
      `the ingress ${silent.spec.ingress} has no router, so its messages would be lost: bind router(ingress, (message, downstream) => ...)`,
    );
}

function refuseMissingAsides({ ingresses, egresses }: Application): void {
  for (const { spec } of ingresses)
    if (spec.aside !== undefined && !egresses.some(({ egress }) => egress === spec.aside?.egress))
      refuse(
        "MR9041",
        `${spec.ingress} sends the records that it cannot read to the egress ${spec.aside.egress}, which is not bound: bind it with a sink`,
      );
}

/** Also for functions on a stream. What other routers forward is looked at when it arrives (`MR9030`), as is all that goes to functions of a namespace. */
export function refuseMissingTargets(
  { ingress, targets }: { readonly ingress: string; readonly targets: readonly Target<never>[] },
  { functions, namespaces }: Pick<Application, "functions" | "namespaces">,
): void {
  const types = functions.map(({ type }) => type);
  for (const { to } of targets) {
    if (types.includes(to) || namespaces.some(({ namespace }) => namespace === namespaceOf(to))) continue;
    const suggestion = nearest(to, types);
    const hint = suggestion === undefined ? "bind it" : `did you mean ${suggestion}?`;
    refuse("MR9041", `a router of the ingress ${ingress} has the target ${to}, a function that is not bound: ${hint}`);
  }
}

/** Also for functions on a stream, whose egresses have no sinks. */
export function refuseMissingEgresses(functions: readonly FunctionDefinition[], egresses: readonly TypeName[]): void {
  for (const { type, onError } of functions) {
    const missing = egressesOf(onError).find((egress) => !egresses.includes(egress));
    if (missing !== undefined)
      refuse(
        "MR9041",
        `${type} sends its dead letters to the egress ${missing}, which is not bound: bind it with a sink`,
      );
  }
}
