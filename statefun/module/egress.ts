/**
 * Where values leave: `egress(name, type)` names one, `.to(sink)` says what becomes of its values.
 *
 * Decided: the schema of an egress gives its type and is not run, since the turn that made a value is over when it arrives.
 */
import { refuse, requireMethod } from "../../core/api/refuse.ts";
import type { DataStream } from "../../core/api/data-stream.ts";
import type { Sink } from "../../core/operators/contracts/sink.ts";
import { requireTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import { joined } from "../define/function-type.ts";
import { isMessageType } from "../define/message-type.ts";
import type { MessageType, OutputOf } from "../define/message-type.ts";
import type { TypedEgress } from "../define/typed-address.ts";
import { requireGuarantee, requireKnownGuarantee } from "./guarantee.ts";
import type { Guarantee } from "./guarantee.ts";

export interface EgressOptions {
  /**
   * `exactly-once`: values appear with the checkpoint that contains their turn. `at-least-once`: at once, and some again after a failure. Default: what the
   * sink does: one with a committer is exactly once, one without is at least once. What the sink does not do is refused with `MR9045`; of a function of the
   * stream all sinks are looked at that it adds, when the job is built.
   */
  readonly guarantee?: Guarantee;
}

/** A sink of the engine, or a function that takes the stream of values on, to operators and sinks of any kind. */
export type EgressSink<T, W = unknown, C = unknown> = Sink<T, W, C> | ((values: DataStream<T>) => unknown);

/** An egress with its sink, for modules to bind. */
export interface EgressSpec<in T> extends TypedEgress<T> {
  readonly bound: "egress";
  /** Looked at by {@link EgressIdentifier.to}. */
  readonly sink: unknown;
  /** That of a function of the stream is looked at once its sinks are known. */
  readonly guarantee: Guarantee | undefined;
}

/**
 * The name of an egress with the type of its values; functions send to it, modules bind it with a sink.
 *
 * Errors: `MR9001` the namespace or the name is empty.
 * Source: `EgressIdentifier` of Flink's Stateful Functions.
 *
 * @example
 * const greetings = new EgressIdentifier<string>("docs", "greetings");
 * console.log(greetings.egress); // docs/greetings
 */
export class EgressIdentifier<in T> implements TypedEgress<T> {
  readonly egress: TypeName;
  declare readonly __value?: (value: T) => void; // carries the type only; never set

  constructor(namespace: string, name: string) {
    this.egress = joined(namespace, name, "egress");
  }

  /**
   * This egress with its sink. Errors: `MR1065` not a sink; `MR9045` a guarantee that it cannot give; when the job is built, `MR9042` a function whose stream ends
   * in no sink.
   */
  to<W, C>(sink: Sink<T, W, C> | ((values: DataStream<T>) => unknown), options: EgressOptions = {}): EgressSpec<T> {
    const { egress } = this;
    if (typeof sink !== "function")
      requireMethod(sink, "createWriter", `the egress ${egress} takes a function of its stream, or a sink`);
    const { guarantee } = options;
    if (guarantee !== undefined) requireKnownGuarantee(egress, guarantee);
    if (guarantee !== undefined && typeof sink !== "function") requireGuarantee(egress, guarantee, [{ sink }]);
    return { bound: "egress", egress, sink, guarantee };
  }
}

/**
 * Names an egress, or makes one with its sink.
 *
 * Shape:  `EgressIdentifier<T>`, whose `.to(sink)` is what modules bind; with a sink, the `EgressSpec<T>` itself. `ctx.send` takes both.
 * State:  the sink's. With a sink that commits, values appear when the checkpoint that contains their turn is complete, each once.
 * Cost:   exactly once takes as long as a checkpoint; a sink without a committer writes at once, and after a failure some values again.
 * Errors: `MR9001` no `namespace/name`; `MR9042` neither a schema nor a type; `MR1065` not a sink; `MR9045` a guarantee that the sink cannot give.
 *         When the job is built, `MR9042` the stream of a function ends in no sink.
 * Source: `EgressIdentifier`, `EgressSpec` of Flink's Stateful Functions.
 *
 * @example
 * const console_ = egress("docs/console", type<string>(), {
 *   createWriter: () => ({ write: (line: string) => console.log(line) }),
 * });
 * console.log(console_.egress);
 */
export function egress<M extends MessageType>(name: TypeName, messageType: M): EgressIdentifier<OutputOf<M>>;
export function egress<M extends MessageType, W, C>(
  name: TypeName,
  messageType: M,
  sink: Sink<OutputOf<M>, W, C> | ((values: DataStream<OutputOf<M>>) => unknown),
  options?: EgressOptions,
): EgressSpec<OutputOf<M>>;
export function egress(
  name: TypeName,
  messageType: MessageType,
  ...[sink, options]: readonly [sink?: EgressSink<never>, options?: EgressOptions]
): EgressIdentifier<never> | EgressSpec<never> {
  const known = requireTypeName(name, "egress");
  if (!isMessageType(messageType))
    refuse("MR9042", `the second argument of egress("${known}", ...) is a schema or type<T>()`);
  const slash = known.lastIndexOf("/");
  const identifier = new EgressIdentifier<never>(known.slice(0, slash), known.slice(slash + 1));
  return sink === undefined ? identifier : identifier.to(sink, options);
}
