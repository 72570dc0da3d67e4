/**
 * Functions in the middle of a job of streams: `statefun(env).from(stream).functions(...).egresses({ ... }).build()`.
 *
 * In:   streams of routables. Out: a stream per egress.
 */
import type { DataStream } from "../../core/api/data-stream.ts";
import type { StreamExecutionEnvironment } from "../../core/api/environment.ts";
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { OutputTag } from "../../core/operators/contracts/functions.ts";
import type { StatefulFn } from "../define/fn.ts";
import type { FunctionType } from "../define/function-type.ts";
import type { FunctionTypeNamespaceMatcher } from "../define/namespace-matcher.ts";
import type { ProvidedOptions } from "../define/provided-function.ts";
import type { StatefulFunctionProvider } from "../define/stateful-function.ts";
import type { TypedEgress } from "../define/typed-address.ts";
import { USUAL_GROUP } from "../group/saved-names.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import { refuseMissingEgresses } from "../module/application.ts";
import { Bindings } from "../module/bindings.ts";
import { checkedRoute, targetsOf } from "../module/router.ts";
import type { AnyRoute } from "../module/router.ts";
import { addGroup, addRouter } from "./dataflow.ts";
import type { GroupParts } from "./dataflow.ts";
import type { GroupOptions } from "./group-options.ts";
import type { Routable } from "./routable.ts";

export interface StatefunOptions extends GroupOptions {
  /** Begins the uid of the operator; two in one job need two names. Default: `"statefun"`. */
  readonly name?: string;
}

type Egresses = Readonly<Record<string, TypedEgress<never>>>;
type StreamsOf<E> = { readonly [N in keyof E]: E[N] extends TypedEgress<infer T> ? DataStream<T> : never };

/** Functions on streams, under construction; each method returns what goes on. */
export class FunctionsOnStreams<out E extends Egresses = Readonly<Record<never, never>>> {
  readonly #parts: Parts;
  readonly #egresses: E;

  /** @internal Made by `statefun`. */
  constructor(parts: Parts, egresses: E) {
    this.#parts = parts;
    this.#egresses = egresses;
  }

  /**
   * One more stream that goes to the functions; there is at least one. A stream without addresses comes with a router, and a name for its uid. Errors: `MR9042`
   * no stream, or a name without a router.
   */
  from(stream: DataStream<Routable>): this;
  from<T>(stream: DataStream<T>, name: string, route: AnyRoute<T>): this;
  from<T>(stream: DataStream<T>, name?: string, route?: AnyRoute<T>): this {
    const { env, inputs, routed } = this.#parts;
    if (typeof memberOf(stream, "keyBy") !== "function")
      refuse("MR9042", `from() of statefun(env) takes a stream, not ${described(stream)}`);
    if (name === undefined && route === undefined) {
      inputs.push(stream as DataStream<Routable>); // as the overloads say
      return this;
    }
    if (typeof name !== "string" || name.trim() === "")
      refuse(
        "MR9042",
        "from(stream, name, router) of statefun(env) needs a name for the router, text that is not empty",
      );
    if (route === undefined)
      refuse(
        "MR9042",
        `from(stream, "${name}") of statefun(env) needs a router as well: from(stream, "${name}", (message, downstream) => ...)`,
      );
    const routes = [checkedRoute(name, route, "from")];
    routed.push({ ingress: name, targets: targetsOf(route) });
    inputs.push(addRouter(env, stream, { ingress: name, check: undefined, onInvalid: "fail-job", routes }));
    return this;
  }

  /** Functions that `fn` made. Errors: `MR9040` another function of that type. */
  functions(...functions: readonly StatefulFn<unknown>[]): this {
    for (const fn of functions) this.#binder.bindFunction(fn);
    return this;
  }

  /** Function objects, of one type or of all of a namespace. Errors: `MR9040` another one. */
  provider(
    type: FunctionType | FunctionTypeNamespaceMatcher,
    provider: StatefulFunctionProvider,
    options?: ProvidedOptions,
  ): this {
    this.#binder.bindFunctionProvider(type, provider, options);
    return this;
  }

  /** An HTTP ingress, beside the streams or alone. Errors: `MR9040` another one; `MR9042` something else. */
  http(ingress: HttpIngressSpec): this {
    if (memberOf(ingress, "bound") !== "http") refuse("MR9042", "http() takes what httpIngress({ port }) makes");
    this.#binder.bindIngress(ingress);
    return this;
  }

  /** The egresses to which functions send, under names for the result of `build`. */
  egresses<F extends Egresses>(egresses: F): FunctionsOnStreams<E & F> {
    for (const [name, egress] of Object.entries<unknown>(egresses)) {
      if (typeof memberOf(egress, "egress") !== "string")
        refuse("MR9042", `"${name}" of egresses() is no egress: write egress(name, type)`);
    }
    return new FunctionsOnStreams<E & F>(this.#parts, { ...this.#egresses, ...egresses });
  }

  /**
   * Adds the functions to the job.
   *
   * Shape:  a stream per egress, by the names of `egresses`.
   * Errors: `MR9041` there is no stream, no function, no egress for dead letters, or a target of a router is not bound; `MR9042` an option makes no sense.
   *
   * @example
   * const totals = egress("docs/totals", type<number>());
   * const counter = fn("docs/counter", {
   *   accepts: { add: type<number>() },
   *   state: { total: value({ default: 0 }) },
   *   handle: {
   *     add(ctx, amount) {
   *       ctx.state.total += amount;
   *       ctx.send(totals, ctx.state.total);
   *     },
   *   },
   * });
   * const streams = statefun(env)
   *   .from(numbers.map((n) => routable(counter.at(String(n % 3)), "add", n)))
   *   .functions(counter)
   *   .egresses({ totals })
   *   .build();
   * streams.totals.print();
   */
  build(): StreamsOf<E> {
    const { env, inputs, routed, bindings, options } = this.#parts;
    const { name = USUAL_GROUP, ...group } = options;
    const functions = [...bindings.functions.values()];
    const namespaces = [...bindings.namespaces.values()];
    const named = Object.entries(this.#egresses);
    const egresses = named.map(([, { egress }]) => egress);
    if (inputs.length === 0 && bindings.http === undefined)
      refuse("MR9041", "statefun(env) has no stream: call from(stream of routables)");
    if (functions.length + namespaces.length === 0)
      refuse("MR9041", "statefun(env) has no function: call functions(...) or provider(...)");
    refuseMissingEgresses(functions, egresses);
    const parts = { name, functions, namespaces, egresses, routed, http: bindings.http, options: group };
    const output = addGroup(env, inputs, parts);
    const streams = named.map(([key, { egress }]) => [key, output.getSideOutput(new OutputTag(egress))] as const);
    return Object.fromEntries(streams) as StreamsOf<E>; // one entry per egress
  }

  get #binder(): ReturnType<Bindings["binderOf"]> {
    return this.#parts.bindings.binderOf("statefun(env)");
  }
}

interface Parts {
  readonly env: StreamExecutionEnvironment;
  readonly inputs: DataStream<Routable>[];
  readonly routed: GroupParts["routed"][number][];
  readonly bindings: Bindings;
  readonly options: StatefunOptions;
}

/**
 * Puts functions into a job of streams: any stream goes in, any egress comes out as a stream.
 *
 * Shape:  `FunctionsOnStreams`; name its streams, functions and egresses, then `build()`.
 * State:  in one operator, `<name>-functions`.
 * Errors: none here; `build` and what comes before it refuse what is missing.
 * Source: `StatefulFunctionDataStreamBuilder` of Flink's Stateful Functions.
 *
 * @example
 * const shout = fn("docs/shout", {
 *   accepts: { say: type<string>() },
 *   handle: { say: (ctx, text) => ctx.send(voices, text.toUpperCase()) },
 * });
 * const voices = egress("docs/voices", type<string>());
 * const words = env.fromData("to", "be").map((word) => routable(shout.at(word), "say", word));
 * statefun(env).from(words).functions(shout).egresses({ voices }).build().voices.print();
 */
export function statefun(env: StreamExecutionEnvironment, options: StatefunOptions = {}): FunctionsOnStreams {
  return new FunctionsOnStreams({ env, inputs: [], routed: [], bindings: new Bindings(), options }, {});
}
