/**
 * Where messages come in: `ingress(name, type)` names one, `.from(source)` says where they are read. Routers then give them their addresses.
 *
 * The schema checks every record once, here, before the routers see it.
 */
import { memberOf, refuse, requireStrategy } from "../../core/api/refuse.ts";
import type { DataStream } from "../../core/api/data-stream.ts";
import type { StreamExecutionEnvironment } from "../../core/api/environment.ts";
import type { Source, SourceSplit } from "../../core/operators/contracts/source.ts";
import type { WatermarkStrategy } from "../../core/time/watermark-strategy.ts";
import { described } from "../../core/util/errors.ts";
import { requireTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import type { Check } from "../define/function-definition.ts";
import { joined } from "../define/function-type.ts";
import { checkOf, isMessageType } from "../define/message-type.ts";
import type { MessageType, OutputOf, PlainType } from "../define/message-type.ts";
import type { Route } from "./router.ts";
import type { Target } from "./target.ts";

/** What a source must deliver: anything where a schema checks it. */
export type RawOf<M> = M extends PlainType<infer T> ? T : unknown;

/** A source of the engine, or a function that builds a stream, of any sources and operators, on the job's environment. */
export type IngressSource<R> = Source<R, SourceSplit> | ((env: StreamExecutionEnvironment) => DataStream<R>);

export interface IngressOptions<R> {
  /** Event time of the records, as the source delivers them. Default: none. Not with a function, which sets them on its stream. */
  readonly watermarks?: WatermarkStrategy<R>;
  /** Readers of the source. Default: that of the job, and one where the source allows no more. Not with a function, likewise. */
  readonly parallelism?: number;
  /** What becomes of a record that its schema refuses: the job fails with `MR9010`, or it is left out and counted. Default: `"fail-job"`. */
  readonly onInvalid?: "fail-job" | "skip";
}

/** An ingress with its source, for modules to bind. */
export interface IngressSpec<out T> {
  readonly bound: "ingress";
  readonly ingress: TypeName;
  readonly source: unknown;
  readonly check: Check | undefined;
  readonly watermarks: WatermarkStrategy<never> | undefined;
  readonly parallelism: number | undefined;
  readonly onInvalid: "fail-job" | "skip";
  /** Routers that come with it, before those that modules bind. Default: none. */
  readonly routes?: readonly Route<never>[];
  /** Of these routers. Default: none that is known before they forward. */
  readonly targets?: readonly Target<never>[];
  /** A side output of its source, for records that cannot be read, and the egress that takes them. Default: none. */
  readonly aside?: { readonly tag: string; readonly egress: TypeName };
  readonly __message?: T; // carries the type only; never set
}

/** An ingress, with or without its source: what `router` takes. */
export interface IngressTarget<out T> {
  readonly ingress: TypeName;
  readonly __message?: T;
}

/**
 * The name of an ingress with the type of its messages; routers refer to it, modules bind it with a source.
 *
 * Errors: `MR9001` the namespace or the name is empty.
 * Source: `IngressIdentifier` of Flink's Stateful Functions.
 *
 * @example
 * const names = new IngressIdentifier<string>("docs", "names");
 * console.log(names.ingress); // docs/names
 */
export class IngressIdentifier<out T, in out R = T> implements IngressTarget<T> {
  readonly ingress: TypeName;
  declare readonly __message?: T; // carries the type only; never set
  readonly #check: Check | undefined;

  constructor(namespace: string, name: string, messageType?: MessageType) {
    this.ingress = joined(namespace, name, "ingress");
    this.#check = checkOf(messageType, `a record of the ingress ${this.ingress}`);
  }

  /**
   * This ingress with its source. Errors: `MR9042` neither a source nor a function, or options for the source beside a function; `MR1065` no watermark strategy;
   * `MR1027` no parallelism.
   */
  from<Q extends R, S extends SourceSplit = SourceSplit, E = unknown>(
    source: Source<Q, S, E> | ((env: StreamExecutionEnvironment) => DataStream<Q>),
    options: IngressOptions<NoInfer<Q>> = {},
  ): IngressSpec<T> {
    const { ingress } = this;
    const { watermarks, parallelism, onInvalid = "fail-job" } = options;
    if (typeof source !== "function" && typeof memberOf(source, "createReader") !== "function")
      refuse("MR9042", `the ingress ${ingress} takes a source, or a function (env) that returns a stream`);
    if (onInvalid !== "fail-job" && onInvalid !== "skip")
      refuse("MR9042", `onInvalid of the ingress ${ingress} is "fail-job" or "skip", not ${described(onInvalid)}`);
    if (typeof source === "function") refuseOptionsOfSource(ingress, { watermarks, parallelism });
    if (watermarks !== undefined) requireStrategy(watermarks, `the ingress ${ingress}`);
    if (parallelism !== undefined && !(Number.isInteger(parallelism) && parallelism >= 1))
      refuse(
        "MR1027",
        `the parallelism of the ingress ${ingress} is a whole number of 1 or more, not ${described(parallelism)}`,
      );
    return { bound: "ingress", ingress, source, check: this.#check, watermarks, parallelism, onInvalid };
  }
}

/**
 * Names an ingress, or makes one with its source.
 *
 * Shape:  `IngressIdentifier<T>`, whose `.from(source)` is what modules bind; with a source, the `IngressSpec<T>` itself. `router` takes both. `T` is what
 *         the schema makes of a record.
 * Time:   as `watermarks` says; the functions' watermark is the lowest of all ingresses.
 * State:  the positions of the source.
 * Cost:   the schema runs once per record.
 * Errors: `MR9001` no `namespace/name`; `MR9042` neither a schema nor a type, no source, or options for a source beside a function; `MR1065` no watermark
 *         strategy; `MR1027` no parallelism. While it runs, `MR9010` fails the job, unless `onInvalid` is `"skip"`.
 * Source: `IngressIdentifier`, `IngressSpec` of Flink's Stateful Functions.
 *
 * @example
 * const names = ingress("docs/names", type<string>(), (environment) => environment.fromData("ann", "bob"));
 * console.log(names.ingress);
 */
export function ingress<M extends MessageType>(
  name: TypeName,
  messageType: M,
): IngressIdentifier<OutputOf<M>, RawOf<M>>;
export function ingress<M extends MessageType, Q extends RawOf<M>, S extends SourceSplit = SourceSplit, E = unknown>(
  name: TypeName,
  messageType: M,
  source: Source<Q, S, E> | ((env: StreamExecutionEnvironment) => DataStream<Q>),
  options?: IngressOptions<NoInfer<Q>>,
): IngressSpec<OutputOf<M>>;
export function ingress(
  name: TypeName,
  messageType: MessageType,
  ...[source, options]: readonly [source?: IngressSource<unknown>, options?: IngressOptions<unknown>]
): IngressIdentifier<unknown, unknown> | IngressSpec<unknown> {
  const known = requireTypeName(name, "ingress");
  if (!isMessageType(messageType))
    refuse("MR9042", `the second argument of ingress("${known}", ...) is a schema or type<T>()`);
  const slash = known.lastIndexOf("/");
  const identifier = new IngressIdentifier<unknown>(known.slice(0, slash), known.slice(slash + 1), messageType);
  return source === undefined ? identifier : identifier.from(source, options);
}

/** They would say nothing of the stream that the function builds. */
function refuseOptionsOfSource(ingress: TypeName, options: { readonly [O in keyof typeof SETTERS]: unknown }): void {
  for (const [option, given] of Object.entries(options))
    if (given !== undefined)
      refuse(
        "MR9042",
        `the ingress ${ingress} takes its records from a function, for which the option ${option} does nothing: set it on the stream, with ${SETTERS[option as keyof typeof SETTERS]}`, // a key of the options
      );
}

const SETTERS = { watermarks: "assignTimestampsAndWatermarks(...)", parallelism: "setParallelism(...)" };
