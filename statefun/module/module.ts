/**
 * Modules: what belongs together in an application. `module(({ config }) => [...])` lists it, `StatefulFunctionModule` binds it; an application may have
 * several of both, and the order within and among them does not matter.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import type { StatefulFn } from "../define/fn.ts";
import type { FunctionType } from "../define/function-type.ts";
import type { FunctionTypeNamespaceMatcher } from "../define/namespace-matcher.ts";
import type { ProvidedOptions } from "../define/provided-function.ts";
import type { StatefulFunctionProvider } from "../define/stateful-function.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import type { EgressSpec } from "./egress.ts";
import type { GlobalConfig } from "./global-config.ts";
import type { IngressSpec, IngressTarget } from "./ingress.ts";
import type { Route, Router, RouterSpec } from "./router.ts";

/** Takes the parts of an application, in any order. */
export interface Binder {
  /** Errors: `MR9040` another ingress of that name, or another HTTP ingress. */
  bindIngress(spec: IngressSpec<unknown> | HttpIngressSpec): void;
  /** Further routers of the same ingress see its messages too. */
  bindIngressRouter<T>(ingress: IngressTarget<T>, router: Route<T> | Router<T>): void;
  bindIngressRouter(spec: RouterSpec): void;
  /** Errors: `MR9040` another egress of that name. */
  bindEgress(spec: EgressSpec<never>): void;
  /** What `fn` made. Errors: `MR9040` another function of that type. */
  bindFunction(definition: StatefulFn<unknown>): void;
  /** Function objects, of one type or of all of a namespace. Errors: `MR9040` another function of that type, or provider of that namespace. */
  bindFunctionProvider(
    type: FunctionType | FunctionTypeNamespaceMatcher,
    provider: StatefulFunctionProvider,
    options?: ProvidedOptions,
  ): void;
}

/** A module as an object or a class, as in the original. */
export interface StatefulFunctionModule {
  /** For sentences about it. Default: the name of its class. */
  readonly name?: string;
  /** Called once per thread that runs a part of the job, so it must do the same each time. */
  configure(config: GlobalConfig, binder: Binder): void;
}

/** What may stand in the list of a module. */
export type Bindable = StatefulFn<unknown> | EgressSpec<never> | IngressSpec<unknown> | HttpIngressSpec | RouterSpec;

/** What `module`'s function is given. */
export interface ModuleInput {
  readonly config: GlobalConfig;
}

/**
 * A module as a list of its parts, in any order.
 *
 * Shape:  `StatefulFunctionModule`. The function is called once per thread that runs a part of the job, and must do the same each time.
 * Errors: `MR9042` not a function; when it is configured, something in the list that is no part of an application.
 * Source: `StatefulFunctionModule` of Flink's Stateful Functions.
 *
 * @example
 * const names = ingress("docs/names", type<string>());
 * const greetings = egress("docs/greetings", type<string>());
 * const greeter = fn("docs/greeter", {
 *   accepts: { greet: type<string>() },
 *   handle: {
 *     greet(ctx, name) {
 *       ctx.send(greetings, `Hello ${name}`);
 *     },
 *   },
 * });
 * const greeting = module(({ config }) => [
 *   greeter,
 *   names.from((environment) => environment.fromData("ann", config.getOrDefault("guest", "bob"))),
 *   router(names, (name, downstream) => {
 *     downstream.forward(greeter.at(name), "greet", name);
 *   }),
 *   greetings.to({ createWriter: () => ({ write: (line) => console.log(line) }) }),
 * ], { name: "greeting" });
 * console.log(greeting.name);
 */
export function module(
  list: (input: ModuleInput) => readonly Bindable[],
  options: { readonly name?: string } = {},
): StatefulFunctionModule {
  if (typeof list !== "function") refuse("MR9042", "module() takes a function ({ config }) that returns a list");
  return {
    ...options,
    configure(config, binder) {
      const parts: unknown = list({ config });
      if (!Array.isArray(parts))
        refuse("MR9042", "the function of module() returns a list, of what fn, ingress, router and egress make");
      for (const part of parts as readonly Bindable[]) bind(part, binder); // looked at one by one
    },
  };
}

function bind(part: Bindable, binder: Binder): void {
  if (memberOf(part, "definition") !== undefined) {
    binder.bindFunction(part as StatefulFn<unknown>); // nothing else has one
    return;
  }
  const spec = part as Exclude<Bindable, StatefulFn<unknown>>; // or something that no type allows, see the default
  switch (memberOf(spec, "bound") === undefined ? undefined : spec.bound) {
    case "ingress":
    case "http":
      binder.bindIngress(spec as IngressSpec<unknown> | HttpIngressSpec); // by its mark
      return;
    case "router":
      binder.bindIngressRouter(spec as RouterSpec); // by its mark
      return;
    case "egress":
      binder.bindEgress(spec as EgressSpec<never>); // by its mark
      return;
    default:
      refuse("MR9042", unboundSentence(part));
  }
}

/** What has a name only is the usual mistake. */
function unboundSentence(part: unknown): string {
  const [ingress, egress] = [memberOf(part, "ingress"), memberOf(part, "egress")];
  if (typeof ingress === "string")
    return `the ingress ${ingress} has no source: list x.from(source), or give the source to ingress(name, type, source)`;
  if (typeof egress === "string")
    return `the egress ${egress} has no sink: list x.to(sink), or give the sink to egress(name, type, sink)`;
  return `a module lists what fn, ingress, router and egress make, not ${described(part)}`;
}
