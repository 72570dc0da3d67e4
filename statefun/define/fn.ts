/**
 * `fn`: a function with its messages, its state and its handlers, typed from end to end.
 *
 * In:    schemas or types of messages, declarations of state, a handler per kind of message. Out: a `FunctionDefinition`, which `group/` runs, behind the
 *        face that senders see.
 * State: none; what a function keeps lies in the keyed state of the group.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import { requireTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import { policyOf } from "./error-policies.ts";
import type { OnError } from "./error-policies.ts";
import type { Check, FunctionDefinition, Handler } from "./function-definition.ts";
import { checkOf, isMessageType } from "./message-type.ts";
import type { InputOf, MessageType, OutputOf } from "./message-type.ts";
import { stateDefinitionsOf } from "./state-specs.ts";
import type { StateSpecs } from "./state-specs.ts";
import type { TurnContext } from "./turn-context.ts";
import { reference } from "./typed-address.ts";
import type { Anything, FunctionReference } from "./typed-address.ts";

/** Kinds of messages with the schema or type of each. */
export type Accepts = Readonly<Record<string, MessageType>>;

/** What the handlers get. */
export type Delivered<A> = { readonly [K in keyof A]: OutputOf<A[K]> };
/** What may come from outside. */
export type FromOutside<A> = { readonly [K in keyof A]: InputOf<A[K]> };

/** A message with its kind, for handlers of more than one. */
export type AnyMessage<M> = { readonly [K in keyof M]: { readonly kind: K; readonly value: M[K] } }[keyof M];

type Turn = void | Promise<void>;

type Handlers<A, S> = {
  readonly [K in keyof A]: (ctx: TurnContext<Delivered<A>, S>, message: OutputOf<A[K]>) => Turn;
};

interface CommonParts<S> {
  /** Default: none. */
  readonly state?: S;
  /** What becomes of a message whose handler throws, once its turn is rolled back. Default: `"quarantine"`. */
  readonly onError?: OnError;
}

/** Every kind has a handler of its own. */
export interface FunctionSpec<A, S> extends CommonParts<S> {
  readonly accepts: A;
  readonly handle: Handlers<A, S>;
  readonly otherwise?: undefined;
}

/** Some kinds have handlers of their own, `otherwise` takes the rest. */
export interface PartialFunctionSpec<A, S> extends CommonParts<S> {
  readonly accepts: A;
  readonly handle?: Partial<Handlers<A, S>>;
  readonly otherwise: (ctx: TurnContext<Delivered<A>, S>, message: AnyMessage<Delivered<A>>) => Turn;
}

/** For functions that take whatever comes. */
export interface OpenFunctionSpec<S> extends CommonParts<S> {
  readonly accepts?: undefined;
  readonly handle?: undefined;
  readonly otherwise: (
    ctx: TurnContext<Anything, S>,
    message: { readonly kind: string; readonly value: unknown },
  ) => Turn;
}

/** What `fn` makes: it is bound by modules, and others send to it. `M` is what it gets, `R` what may come from outside, `S` the state that it declares. */
export interface StatefulFn<M, R = M, out S = unknown> extends FunctionReference<M, R> {
  readonly definition: FunctionDefinition;
  readonly __state?: S; // carries the type only; never set
}

/** The type of `state` of functions that declare none. */
export type NoState = Readonly<Record<never, never>>;

/**
 * Defines a function. Each instance, told by its id, has its own state and gets its messages one after the other.
 *
 * What a turn writes, sends and schedules takes effect when its handler returns (an `async` one: when it settles), all together or, if it throws, not at all.
 * While an async turn runs, its address waits; all others go on.
 *
 * Shape:  `StatefulFn<M>`; `.at(id)` is an address, `.is(address)` tells its own. Modules bind it.
 * State:  what is declared under `state`, per address; variables outside are lost with the process and shared by all addresses of a thread.
 * Cost:   messages are checked against their schema once, where they come from outside, and not from function to function.
 * Errors: `MR9001` the type is no `namespace/name`; `MR9012` a kind without a handler, a handler without a kind, or state that is not declared well;
 *         `MR9014` not a policy. While it runs, `MR9010`, `MR9011` of schemas.
 * Source: `StatefulFunction` of Flink's Stateful Functions; handlers by kind are our own.
 *
 * @example
 * const greetings = egress("docs/greetings", type<string>());
 * const greeter = fn("docs/greeter", {
 *   accepts: { greet: type<{ readonly who: string }>() },
 *   state: { seen: value({ default: 0 }) },
 *   handle: {
 *     greet(ctx, { who }) {
 *       ctx.state.seen += 1;
 *       ctx.send(greetings, `Hello ${who}, for the ${ctx.state.seen}th time`);
 *     },
 *   },
 * });
 * console.log(greeter.at("ann"));
 */
export function fn<S extends StateSpecs = NoState>(
  type: TypeName,
  spec: OpenFunctionSpec<S>,
): StatefulFn<Anything, Anything, S>;
export function fn<A extends Accepts, S extends StateSpecs = NoState>(
  type: TypeName,
  spec: PartialFunctionSpec<A, S>,
): StatefulFn<Delivered<A>, FromOutside<A>, S>;
export function fn<A extends Accepts, S extends StateSpecs = NoState>(
  type: TypeName,
  spec: FunctionSpec<A, S>,
): StatefulFn<Delivered<A>, FromOutside<A>, S>;
export function fn(type: TypeName, spec: LooseSpec): StatefulFn<unknown> {
  const name = requireTypeName(type, "function");
  if (typeof spec !== "object" || spec === null)
    refuse("MR9012", `fn("${name}", ...) takes { accepts, state, handle } as its second argument`);
  const accepts = acceptsOf(name, spec);
  const definition: FunctionDefinition = {
    type: name,
    accepts,
    state: stateDefinitionsOf(name, spec.state ?? {}),
    onError: policyOf(spec.onError),
    createHandler: () => handlerOf(spec, accepts),
  };
  return { ...reference<unknown, unknown>(name), definition };
}

type LooseHandler = (ctx: never, message: never) => Turn;

interface LooseSpec extends CommonParts<StateSpecs> {
  readonly accepts?: Accepts | undefined;
  readonly handle?: Readonly<Record<string, LooseHandler | undefined>> | undefined;
  readonly otherwise?: LooseHandler | undefined;
}

/** Undefined: whatever comes. */
function acceptsOf(owner: TypeName, spec: LooseSpec): ReadonlyMap<string, Check | undefined> | undefined {
  const { accepts, handle = {}, otherwise } = spec;
  requireRecord("accepts", owner, accepts);
  requireRecord("handle", owner, handle);
  requireRecord("state", owner, spec.state);
  if (otherwise !== undefined && typeof otherwise !== "function")
    refuse("MR9012", `otherwise of ${owner} is a function (ctx, message)`);
  if (accepts === undefined) {
    if (otherwise !== undefined && Object.keys(handle).length === 0) return undefined;
    return refuse(
      "MR9012",
      `${owner} does not say what it accepts: write accepts: { kind: schema }, or only otherwise(ctx, message)`,
    );
  }
  const kinds = Object.entries(accepts);
  for (const kind of Object.keys(handle)) refuseUndeclared(owner, kind, Object.keys(accepts));
  return new Map(
    kinds.map(([kind, messageType]) => {
      refuseBadKind(owner, kind);
      if (!isMessageType(messageType))
        refuse(
          "MR9012",
          `message "${kind}" of ${owner} is neither a schema with "~standard" (zod, valibot, arktype) nor type<T>()`,
        );
      if (methodOf(handle, kind) === undefined && otherwise === undefined)
        refuse(
          "MR9012",
          `${owner} accepts "${kind}" and has no handler for it: write handle: { ${kind}(ctx, message) { ... } }, or otherwise`,
        );
      return [kind, checkOf(messageType, `message "${kind}" of ${owner}`)];
    }),
  );
}

/** Undefined: left out. */
function requireRecord(part: "accepts" | "handle" | "state", owner: TypeName, given: unknown): void {
  if (given === undefined || (typeof given === "object" && given !== null)) return;
  const form = { accepts: "{ kind: schema }", handle: "{ kind(ctx, message) { ... } }", state: "{ name: value() }" };
  refuse("MR9012", `${part} of ${owner} is an object, ${form[part]}, not ${described(given)}`);
}

function refuseUndeclared(owner: TypeName, kind: string, declared: readonly string[]): void {
  if (declared.includes(kind)) return;
  const suggestion = nearest(kind, declared);
  const hint = suggestion === undefined ? "add it under accepts" : `did you mean "${suggestion}"?`;
  refuse("MR9012", `${owner} handles "${kind}", which it does not accept: ${hint}`);
}

/** Kinds with a dollar sign are those of the runtime. */
function refuseBadKind(owner: TypeName, kind: string): void {
  if (kind !== "" && !kind.startsWith("$")) return;
  refuse("MR9012", `${owner} accepts a message "${kind}": a kind is a name that does not begin with "$"`);
}

type Handle = (this: unknown, ctx: unknown, message: unknown) => Turn;

/** A kind may be called "toString" and have no handler. */
function methodOf(handle: object, kind: string): Handle | undefined {
  const method = memberOf(handle, kind);
  if (typeof method !== "function" || method === memberOf(Object.prototype, kind)) return undefined;
  return method as Handle; // contexts and messages come from the runtime, which has the same definition
}

/** Hot: what it returns runs once per message. */
function handlerOf(spec: LooseSpec, accepts: FunctionDefinition["accepts"]): Handler {
  const { handle = {}, otherwise } = spec;
  const rest = otherwise as Handle | undefined; // as in methodOf
  const own = new Map<string, Handle>();
  for (const kind of accepts?.keys() ?? []) {
    const method = methodOf(handle, kind);
    if (method !== undefined) own.set(kind, method);
  }
  const [only] = own.values();
  if (only !== undefined && accepts?.size === 1) return (ctx, _kind, message) => only.call(handle, ctx, message);
  return (ctx, kind, message) => {
    const method = own.get(kind);
    if (method !== undefined) return method.call(handle, ctx, message);
    return rest?.call(spec, ctx, { kind, value: message });
  };
}
