/**
 * Routers give the messages of an ingress their addresses: to which function, and to which of its instances, which is also the key that partitions them.
 */
import { memberOf, refuse, refuseAsync } from "../../core/api/refuse.ts";
import type { MetricGroup } from "../../core/metrics/registry.ts";
import { described, MillraceError } from "../../core/util/errors.ts";
import type { FunctionType } from "../define/function-type.ts";
import type { Anything, KindOf, Messages, TypedAddress } from "../define/typed-address.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import type { IngressTarget } from "./ingress.ts";
import { targetsIn } from "./target.ts";
import type { Target } from "./target.ts";

/** Where a router sends messages. Good for one message only. */
export interface Downstream {
  /** To a function: its address, the kind of message, the message as the schema of that kind takes it. */
  forward<R = Messages, K extends KindOf<R> = KindOf<R>>(to: TypedAddress<unknown, R>, kind: K, message: R[K]): void;
  /** To a function that takes whatever comes. */
  forward(to: TypedAddress<unknown, Anything>, message: unknown): void;
  forward(type: FunctionType, id: string, message: unknown): void;
  /** What has its address already: made by `routable`, `retryAddress`, `skipAddress`. */
  forward(routable: Envelope): void;
  readonly metrics: MetricGroup;
}

export type Route<T> = (message: T, downstream: Downstream) => void;

/** A router as an object, as in the original. */
export interface Router<T> {
  route(message: T, downstream: Downstream): void;
}

/** The properties that can be an id. */
export type KeyProperty<T> = {
  [P in keyof T & string]: T[P] extends string | number | bigint ? P : never;
}[keyof T & string];

/** A router as data: one property of a message is the id, and the message goes as it is to that instance of each target. */
export interface RouteByKey<T> {
  /** Its value is text that is not empty, or a finite number or a bigint, which becomes text. */
  readonly key: KeyProperty<T>;
  /** One or several, made by `target`. They are given the same object, so functions must not change it. */
  readonly targets: Target<T> | readonly Target<T>[];
}

/** What a router may be written as. */
export type AnyRoute<T> = Route<T> | Router<T> | RouteByKey<T>;

/** A router with its ingress, for modules to bind. */
export interface RouterSpec {
  readonly bound: "router";
  readonly ingress: TypeName;
  readonly route: Route<never>;
  /** Of a router by key. Default: none that is known before it forwards. */
  readonly targets?: readonly Target<never>[];
}

/**
 * Routes the messages of an ingress: each to no address, one or several. An ingress may have several routers, and each of them sees all messages.
 *
 * Shape:  `RouterSpec`, for modules to bind.
 * Cost:   runs where the source does; keep to what the message says, since nothing that a router remembers is saved.
 * Errors: `MR9042` not an ingress, or not a router; `MR1068` it is async; when the job is built, `MR9041` one of `targets` is not bound. What it throws fails
 *         the job, as does a message without its key (`MR9047`). What it forwards is checked where it arrives, and what does not fit parks that address
 *         (`MR9010`).
 * Source: `Router` of Flink's Stateful Functions.
 *
 * @example
 * const counter = fn("docs/counter", {
 *   accepts: { add: type<number>() },
 *   handle: { add: () => undefined },
 * });
 * const amounts = ingress("docs/amounts", type<{ readonly user: string; readonly amount: number }>());
 * const byUser = router(amounts, ({ user, amount }, downstream) => {
 *   downstream.forward(counter.at(user), "add", amount);
 * });
 * const audit = fn("docs/audit", { otherwise: () => undefined });
 * const audited = router(amounts, { key: "user", targets: target(audit) });
 * console.log(byUser.ingress, audited.ingress);
 */
export function router<T>(from: IngressTarget<T>, route: AnyRoute<T>): RouterSpec {
  const ingress = memberOf(from, "ingress");
  if (typeof ingress !== "string")
    refuse("MR9042", "the first argument of router() is an ingress, made with ingress(name, type)");
  return {
    bound: "router",
    ingress: from.ingress,
    route: checkedRoute(ingress, route, "router"),
    targets: targetsOf(route),
  };
}

export function targetsOf<T>(route: AnyRoute<T>): readonly Target<never>[] {
  return typeof route === "function" || isRouter(route) ? [] : (targetsIn(route.targets) ?? []);
}

/** `caller`: whose argument it is. */
export function checkedRoute<T>(ingress: string, given: AnyRoute<T>, caller: string): Route<T> {
  const route = routeOf(ingress, given);
  if (route === undefined)
    return refuse(
      "MR9042",
      `${caller}() of ${ingress} takes a function (message, downstream), an object with route(), or { key, targets }: the name of a property, and one or several of target(fn, "kind")`,
    );
  refuseAsync(memberOf(given, "route") ?? given, caller);
  return route;
}

function routeOf<T>(ingress: string, route: AnyRoute<T>): Route<T> | undefined {
  if (typeof route === "function") return route;
  if (isRouter(route)) return (message, downstream) => route.route(message, downstream);
  const [key, targets] = [memberOf(route, "key"), targetsIn(memberOf(route, "targets"))];
  return typeof key === "string" && targets !== undefined ? byKey(ingress, key, targets) : undefined;
}

function isRouter<T>(route: Router<T> | RouteByKey<T>): route is Router<T> {
  return typeof memberOf(route, "route") === "function";
}

/** Hot: what it returns runs once per message. */
function byKey(ingress: string, key: string, targets: readonly Target<never>[]): Route<unknown> {
  return (message, downstream) => {
    const id = idOf(memberOf(message, key));
    if (id === undefined) {
      const sentence = `a message of the ingress ${ingress} has ${shown(memberOf(message, key))} as its "${key}", which is no id: text that is not empty, a finite number or a bigint`;
      throw new MillraceError("MR9047", sentence, { retryable: false });
    }
    for (const { to, kind } of targets) downstream.forward<Messages>({ type: to, id }, kind, message);
  };
}

/** What is empty or no number is a value that somebody has forgotten, and would bring all such messages together at one address. */
function idOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return Number.isFinite(value) || typeof value === "bigint" ? String(value) : undefined;
}

function shown(value: unknown): string {
  return value === "" ? `""` : described(value);
}
