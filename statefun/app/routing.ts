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
import { ANY_KIND, fromOutside } from "../envelope.ts";
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

function isRoutable(to: Address | FunctionType | Envelope): to is Envelope {
  return typeof to === "object" && to !== null && "to" in to;
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
  forward(to: Address | FunctionType | Envelope, first?: unknown, second?: unknown): void {
    const { out } = this;
    const address = to as Partial<Address> | undefined; // the other forms have no type
    const type = address?.type;
    const id = address?.id;
    // oxlint-disable-next-line prefer-rest-params -- two arguments are an address and a message, which may be undefined; a rest array would cost an allocation per message
    const named = arguments.length > 2;
    const kind = named ? first : ANY_KIND;
    if (
      type !== undefined &&
      type === this.#knownType &&
      out !== undefined &&
      typeof id === "string" &&
      typeof kind === "string"
    )
      out.collect({ to: type, id, from: "", fromId: "", kind, value: named ? second : first });
    else if (isRoutable(to)) this.#emit({ type: to.to, id: to.id }, to.kind, to.value);
    else if (to instanceof FunctionType) this.#emit({ type: to.typeName, id: first as string }, ANY_KIND, second); // looked at below
    else this.#emit(to, kind as string, named ? second : first); // as the declaration says
  }

  #emit(to: Address, kind: string, message: unknown): void {
    const { out } = this;
    if (out === undefined)
      throw this.#refused("forwarded a message after its record was done: call forward() before the router returns");
    if (typeof to !== "object" || to === null || !isTypeName(to.type) || typeof to.id !== "string")
      throw this.#refused(
        `forwarded a message to ${described(to)}, which is no address: write greeter.at(id), in which id is text`,
      );
    if (typeof kind !== "string")
      throw this.#refused(`forwarded a message of the kind ${described(kind)}: a kind is text`);
    this.#knownType = to.type;
    out.collect(fromOutside(to, kind, message));
  }

  #refused(what: string): MillraceError {
    return new MillraceError("MR9044", `a router of the ingress ${this.#ingress} ${what}`, { retryable: false });
  }
}
