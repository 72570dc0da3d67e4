/** Parts of applications for the tests of modules: two ingresses, two functions, two egresses and their routers. */
import { DataSource } from "../../../core/api/sources/data-source.ts";
import type { Sink } from "../../../core/index.ts";
import { egress, fn, ingress, router, type, value } from "../../../statefun/index.ts";
import type { Bindable, EgressIdentifier, IngressIdentifier, StatefulFn } from "../../../statefun/index.ts";

export const sink: Sink<unknown> = { createWriter: () => ({ write: () => undefined }) };

export const names: IngressIdentifier<string> = ingress("greeter/names", type<string>());
export const orders: IngressIdentifier<string> = ingress("shop/orders", type<string>());
export const greetings: EgressIdentifier<string> = egress("greeter/greetings", type<string>());
export const bills: EgressIdentifier<string> = egress("shop/bills", type<string>());
export const greeter: StatefulFn<{ readonly greet: string }> = fn("apache/greeter", {
  accepts: { greet: type<string>() },
  state: { count: value({ default: 0 }) },
  handle: {
    greet(ctx, who) {
      ctx.state.count += 1;
      ctx.send(greetings, `${who} greeted ${ctx.state.count}`);
    },
  },
});
export const cart: StatefulFn<{ readonly add: string }> = fn("shop/cart", {
  accepts: { add: type<string>() },
  state: { count: value({ default: 0 }) },
  handle: {
    add(ctx, item) {
      ctx.state.count += 1;
      ctx.send(bills, `${item} added ${ctx.state.count}`);
    },
  },
});

/** All that an application of both needs. What leaves is written to a list. */
export function allParts(written: unknown[] = []): readonly Bindable[] {
  const list: Sink<unknown> = { createWriter: () => ({ write: (left) => void written.push(left) }) };
  return [
    greeter,
    cart,
    names.from(new DataSource(["Ada"])),
    orders.from((env) => env.fromData("apple").uid("apples")),
    router(names, (name, downstream) => downstream.forward(greeter.at(name), "greet", name)),
    router(orders, (item, downstream) => downstream.forward(cart.at(item), "add", item)),
    router(orders, (item, downstream) => downstream.forward(greeter.at(item), "greet", item)),
    greetings.to(list),
    bills.to(list),
  ];
}
