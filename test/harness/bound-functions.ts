/**
 * The functions under test, out of what a test lists: functions alone, modules, or both.
 *
 * In: what `StatefulFunctionHarness` is given. Out: definitions by type, and the routers of each ingress. Sinks and sources of modules are not looked at.
 */
import type { TaskInfo } from "../../core/operators/contracts/functions.ts";
import { nearest } from "../../core/util/nearest.ts";
import type { TypeName } from "../../statefun/address.ts";
import { routingOf } from "../../statefun/app/routing.ts";
import type { StatefulFn } from "../../statefun/define/fn.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../../statefun/define/function-definition.ts";
import type { Envelope } from "../../statefun/envelope.ts";
import { bindAll } from "../../statefun/module/application.ts";
import type { Bindings } from "../../statefun/module/bindings.ts";
import { globalConfigOf } from "../../statefun/module/global-config.ts";
import type { IngressTarget } from "../../statefun/module/ingress.ts";
import type { StatefulFunctionModule } from "../../statefun/module/module.ts";
import { HarnessMetrics } from "./harness-metrics.ts";

export interface GivenFunctions {
  readonly functions?: readonly StatefulFn<unknown>[];
  readonly modules?: readonly StatefulFunctionModule[];
  readonly globalConfig?: Readonly<Record<string, string>>;
}

export class BoundFunctions {
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
  readonly #bindings: Bindings;
  /** Those of namespaces, as they were asked for. */
  readonly #provided = new Map<TypeName, FunctionDefinition>();

  constructor({ functions = [], modules = [], globalConfig }: GivenFunctions) {
    this.#bindings = bindAll(modules, globalConfigOf({ code: globalConfig }));
    const binder = this.#bindings.binderOf("the harness");
    for (const fn of functions) binder.bindFunction(fn);
    this.functions = [...this.#bindings.functions.values()];
    this.namespaces = [...this.#bindings.namespaces.values()];
    if (this.functions.length + this.namespaces.length === 0)
      throw new Error("the harness has no function to run: give it { functions: [...] }, or { modules: [...] }");
  }

  /** Of a function that is here; undefined: it is not. */
  find(type: TypeName): FunctionDefinition | undefined {
    const found = this.#bindings.functions.get(type) ?? this.#provided.get(type);
    if (found !== undefined) return found;
    const made = this.#bindings.namespaces.get(String(type).slice(0, String(type).lastIndexOf("/")))?.functionOf(type);
    if (made !== undefined) this.#provided.set(type, made);
    return made;
  }

  require(type: TypeName): FunctionDefinition {
    const found = this.find(type);
    if (found !== undefined) return found;
    const types = this.functions.map((definition) => definition.type);
    const suggestion = nearest(String(type), types);
    const hint = suggestion === undefined ? `it has ${types.join(", ")}` : `did you mean "${suggestion}"?`;
    throw new Error(`the harness has no function "${type}": ${hint}`);
  }

  /** What the routers of an ingress make of one of its records. */
  routed({ ingress }: IngressTarget<unknown>, record: unknown, task: TaskInfo): readonly Envelope[] {
    const routes = this.#bindings.routesOf(ingress);
    if (routes.length === 0)
      throw new Error(`no module of the harness has a router for the ingress "${ingress}": list one that has`);
    const spec = this.#bindings.ingresses.get(ingress);
    const Routing = routingOf({
      ingress,
      check: spec?.check,
      onInvalid: spec?.onInvalid ?? "fail-job",
      routes,
    });
    const routing = new Routing();
    routing.open({ task, metrics: new HarnessMetrics(), accumulate: () => undefined });
    const envelopes: Envelope[] = [];
    routing.flatMap(record, { collect: (envelope) => void envelopes.push(envelope) });
    return envelopes;
  }
}
