/**
 * What a function is to the runtime, whichever way it was written: `fn(...)`, an object with `invoke`, or a class that a provider makes. Plain and without
 * the types that users see; `fn.ts` makes it, `group/` runs it.
 */
import type { Duration } from "../../core/util/duration.ts";
import type { TypeName } from "../address.ts";
import type { FunctionContext } from "./function-context.ts";

/** Checks a value and returns what takes its place (a schema may fill in defaults). Throws `MR9010` with path and reason. Synchronous. */
export type Check = (value: unknown) => unknown;

export interface Expiration {
  readonly after: Duration;
  readonly refresh: "write" | "read-and-write";
  readonly time: "processing" | "event";
}

interface SavedAs {
  /** The property of `ctx.state`. */
  readonly property: string;
  /** Under which it is saved, together with the function's type. Default: the property. */
  readonly name: string;
  readonly expiration: Expiration | undefined;
}

export interface ValueDefinition extends SavedAs {
  readonly kind: "value";
  readonly default: unknown;
  /** Undefined: not checked. */
  readonly check: Check | undefined;
}
export interface TableDefinition extends SavedAs {
  readonly kind: "table";
  readonly checkKey: Check | undefined;
  readonly checkValue: Check | undefined;
}
export interface BufferDefinition extends SavedAs {
  readonly kind: "buffer";
  readonly check: Check | undefined;
}
export type StateDefinition = ValueDefinition | TableDefinition | BufferDefinition;

/**
 * What becomes of a message whose handler throws, after its turn was rolled back.
 *
 * `quarantine`: the address is parked with the message and the error; all others go on. `dead-letter`: the message goes to an egress, the address goes on.
 * `fail-job`: the task fails. `retry`: again after a growing delay, the address parked meanwhile; after `attempts` the policy in `then`.
 */
export type ErrorPolicy =
  | { readonly kind: "quarantine" }
  | { readonly kind: "fail-job" }
  | { readonly kind: "dead-letter"; readonly egress: TypeName }
  | {
      readonly kind: "retry";
      readonly attempts: number;
      readonly initialDelayMs: number;
      readonly maxDelayMs: number;
      readonly then: Exclude<ErrorPolicy, { readonly kind: "retry" }>;
    };

/** Runs one turn. A promise makes it an async turn: the address is parked until it settles. */
export type Handler = (context: FunctionContext, kind: string, value: unknown) => void | Promise<void>;

export interface FunctionDefinition {
  readonly type: TypeName;
  /** By kind, with the check of its value; undefined: whatever comes. */
  readonly accepts: ReadonlyMap<string, Check | undefined> | undefined;
  readonly state: readonly StateDefinition[];
  readonly onError: ErrorPolicy;
  /** Once per subtask and attempt. */
  createHandler(): Handler;
}

/** Functions of a whole namespace, made when the first message for one arrives. */
export interface NamespaceDefinition {
  readonly namespace: string;
  functionOf(type: TypeName): FunctionDefinition;
}
