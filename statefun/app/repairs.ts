/** What to do about an address in quarantine, as messages from outside: for routers, and for streams that go to functions. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import type { Address } from "../address.ts";
import { addressOf } from "../define/typed-address.ts";
import { fromOutside } from "../envelope.ts";
import { RETRY_KIND, SKIP_KIND } from "../group/parked-addresses.ts";
import type { Routable } from "./routable.ts";

/**
 * Has a quarantined address try its message again: deploy the corrected code first. If that ends well, what waits behind it follows, in order.
 *
 * Shape:  `Routable`, for `downstream.forward` in a router, or a stream that goes to `statefun(env).from(...)`.
 * State:  does nothing where the address is not quarantined.
 * Errors: `MR9001` the type is no name; `MR9002` the id is no text.
 * Source: own.
 *
 * @example
 * const repairs = ingress("docs/repairs", type<{ readonly type: `${string}/${string}`; readonly id: string; readonly skip: boolean }>());
 * const repairing = router(repairs, ({ type: functionType, id, skip }, downstream) => {
 *   const address = addressOf(functionType, id);
 *   downstream.forward(skip ? skipAddress(address) : retryAddress(address));
 * });
 * console.log(repairing.ingress);
 */
export function retryAddress(address: Address): Routable {
  return fromOutside(checked(address), RETRY_KIND, null);
}

/**
 * Has a quarantined address leave out the message that stopped it; what waits behind it follows, in order.
 *
 * Shape:  `Routable`, for `downstream.forward` in a router, or a stream that goes to `statefun(env).from(...)`.
 * State:  does nothing where the address is not quarantined.
 * Errors: `MR9001` the type is no name; `MR9002` the id is no text.
 * Source: own.
 *
 * @example
 * const cart = external<{ add: string }>("shop/cart");
 * console.log(skipAddress(cart.at("ann")));
 */
export function skipAddress(address: Address): Routable {
  return fromOutside(checked(address), SKIP_KIND, null);
}

function checked(address: Address): Address {
  if (typeof memberOf(address, "type") === "string") return addressOf(address.type, address.id);
  return refuse("MR9001", `a repair goes to an address, such as greeter.at("ann"), not to ${described(address)}`);
}
