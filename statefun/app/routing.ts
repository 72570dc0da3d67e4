/**
 * The operator between an ingress and the functions: checks a record, and lets the routers of the ingress address it.
 *
 * In:    what the source delivers. Out: an envelope per `forward`, in order: router after router, as they were bound.
 * State: none.
 */
import { described, isMillraceError, MillraceError } from "../../core/util/errors.ts";
import type { Counter, MetricGroup } from "../../core/metrics/registry.ts";
import type { Collector, RuntimeContext } from "../../core/operators/contracts/functions.ts";
import { isTypeName } from "../address.ts";
import type { Address, TypeName } from "../address.ts";
import type { Check } from "../define/function-definition.ts";
import { FunctionType } from "../define/function-type.ts";
import { ANY_KIND, envelopeFromOutside } from "../envelope.ts";
import type { Envelope } from "../envelope.ts";
import type { Downstream, Route } from "../module/router.ts";

export interface RoutingOptions {
  readonly ingress: string;
  readonly check: Check | undefined;
  readonly onInvalid: "fail-job" | "skip";
  readonly routes: readonly Route<never>[];
}

/** For `flatMap`: one object per subtask. */
interface RoutingFunction {
  open(ctx: RuntimeContext): void;
  flatMap(record: unknown, out: Collector<Envelope>): void;
}

/** The class for one ingress; the engine makes an object of it per subtask. */
export function routingOf({ ingress, check, onInvalid, routes }: RoutingOptions): new () => RoutingFunction {
  return class Routing implements RoutingFunction {
    #downstream: Forwarding | undefined = undefined;
    #invalid: Counter | undefined = undefined;

    open({ metrics }: RuntimeContext): void {
      const group = metrics.group("routers").group(ingress);
      this.#downstream = new Forwarding(ingress, group);
      this.#invalid = group.counter("numInvalidRecords");
    }

    /** Hot. */
    flatMap(record: unknown, out: Collector<Envelope>): void {
      const downstream = this.#downstream;
      const message = check === undefined ? record : this.#checked(check, record);
      if (downstream === undefined || message === INVALID) return;
      downstream.out = out;
      for (const route of routes) route(message as never, downstream); // the check, or the type of the ingress, says so
      downstream.out = undefined;
    }

    #checked(checkOf: Check, record: unknown): unknown {
      try {
        return checkOf(record);
      } catch (error) {
        if (onInvalid === "fail-job" || !isMillraceError(error) || error.code !== REFUSED) throw error;
        if (this.#invalid !== undefined) this.#invalid.count += 1;
        return INVALID;
      }
    }
  };
}

const INVALID: unique symbol = Symbol("invalid");
/** The schema refused the value; other errors are mistakes in the schema. */
const REFUSED = "MR9010";

type ForwardedTo = Address | FunctionType | Envelope;

function isRoutable(to: ForwardedTo): to is Envelope {
  return typeof to === "object" && to !== null && "to" in to;
}

/** What a router meant as an address, as it wrote it. */
function addressIn(given: ForwardedTo, type: unknown, id: unknown): unknown {
  return given instanceof FunctionType || isRoutable(given) ? { type, id } : given;
}

class Forwarding implements Downstream {
  readonly metrics: MetricGroup;
  readonly #ingress: string;
  /** Undefined between records. */
  out: Collector<Envelope> | undefined = undefined;
  /** Of the last address that was looked at: most routers know one function. */
  #knownType: TypeName | undefined = undefined;

  constructor(ingress: string, metrics: MetricGroup) {
    this.#ingress = ingress;
    this.metrics = metrics;
  }

  /** Hot. Forms: (address, message), (address, kind, message), (type, id, message), (routable). */
  forward(to: ForwardedTo, first?: unknown, second?: unknown): void {
    // oxlint-disable-next-line prefer-rest-params -- two arguments are an address and a message, which may be undefined; a rest array would cost an allocation per message
    const named = arguments.length > 2;
    if (to instanceof FunctionType) this.#emit(to.typeName, first, ANY_KIND, second, to);
    else if (isRoutable(to)) this.#emit(to.to, to.id, to.kind, to.value, to);
    else {
      const address = to as Partial<Address> | undefined; // JavaScript may pass anything
      this.#emit(address?.type, address?.id, named ? first : ANY_KIND, named ? second : first, to);
    }
  }

  /** Hot: makes nothing but the envelope. `given`: for sentences. */
  #emit(type: TypeName | undefined, id: unknown, kind: unknown, value: unknown, given: ForwardedTo): void {
    const { out } = this;
    if (out === undefined)
      throw this.#refused("forwarded a message after its record was done: call forward() before the router returns");
    if (type === undefined || (type !== this.#knownType && !isTypeName(type)) || typeof id !== "string")
      throw this.#refused(
        `forwarded a message to ${described(addressIn(given, type, id))}, which is no address: write greeter.at(id), in which id is text`,
      );
    if (typeof kind !== "string")
      throw this.#refused(`forwarded a message of the kind ${described(kind)}: a kind is text`);
    this.#knownType = type;
    out.collect(envelopeFromOutside(type, id, kind, value));
  }

  #refused(what: string): MillraceError {
    return new MillraceError("MR9044", `a router of the ingress ${this.#ingress} ${what}`, { retryable: false });
  }
}
