/**
 * Routers give the messages of an ingress their addresses: to which function, and to which of its instances, which is also the key that partitions them.
 */
import { memberOf, refuse, refuseAsync } from "../../core/api/refuse.ts";
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { FunctionType } from "../define/function-type.ts";
import type { Anything, KindOf, Messages, TypedAddress } from "../define/typed-address.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import type { IngressTarget } from "./ingress.ts";

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

/** A router with its ingress, for modules to bind. */
export interface RouterSpec {
  readonly bound: "router";
  readonly ingress: TypeName;
  readonly route: Route<never>;
}

/**
 * Routes the messages of an ingress: each to no address, one or several. An ingress may have several routers, and each of them sees all messages.
 *
 * Shape:  `RouterSpec`, for modules to bind.
 * Cost:   runs where the source does; keep to what the message says, since nothing that a router remembers is saved.
 * Errors: `MR9042` not an ingress, or not a router; `MR1068` it is async. What it throws fails the job. What it forwards is checked where it arrives, and what does not fit
 *         parks that address (`MR9010`).
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
 * console.log(byUser.ingress);
 */
export function router<T>(from: IngressTarget<T>, route: Route<T> | Router<T>): RouterSpec {
  const ingress = memberOf(from, "ingress");
  if (typeof ingress !== "string")
    refuse("MR9042", "the first argument of router() is an ingress, made with ingress(name, type)");
  const call = routeOf(route);
  if (call === undefined)
    return refuse(
      "MR9042",
      `router() of ${from.ingress} takes a function (message, downstream), or an object with route()`,
    );
  refuseAsync(memberOf(route, "route") ?? route, "router");
  return { bound: "router", ingress: from.ingress, route: call };
}

function routeOf<T>(route: Route<T> | Router<T>): Route<T> | undefined {
  if (typeof route === "function") return route;
  return typeof memberOf(route, "route") === "function"
    ? (message, downstream) => route.route(message, downstream)
    : undefined;
}
