/** Definitions of functions for tests, with everything but the handler filled in. */
import type { TypeName } from "../../../statefun/address.ts";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type {
  BufferDefinition,
  FunctionDefinition,
  Handler,
  StateDefinition,
  TableDefinition,
  ValueDefinition,
} from "../../../statefun/define/function-definition.ts";

export function makeFunction(
  type: TypeName,
  handler: Handler,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return {
    type,
    accepts: undefined,
    state: [],
    onError: { kind: "quarantine" },
    createHandler: () => handler,
    ...options,
  };
}

export function valueState(
  property: string,
  initial?: unknown,
  options: Partial<ValueDefinition> = {},
): StateDefinition {
  return {
    kind: "value",
    property,
    name: property,
    expiration: undefined,
    default: initial,
    check: undefined,
    ...options,
  };
}

export function tableState(property: string, options: Partial<TableDefinition> = {}): StateDefinition {
  const none = { expiration: undefined, checkKey: undefined, checkValue: undefined };
  return { kind: "table", property, name: property, ...none, ...options };
}

export function bufferState(property: string, options: Partial<BufferDefinition> = {}): StateDefinition {
  return { kind: "buffer", property, name: property, expiration: undefined, check: undefined, ...options };
}

export interface TestTable {
  readonly size: number;
  get(key: unknown): unknown;
  set(key: unknown, value: unknown): TestTable;
  has(key: unknown): boolean;
  delete(key: unknown): boolean;
  clear(): void;
  entries(): IterableIterator<[unknown, unknown]>;
  keys(): IterableIterator<unknown>;
  values(): IterableIterator<unknown>;
}

export interface TestBuffer extends Iterable<unknown> {
  readonly length: number;
  push(value: unknown): void;
  pushAll(values: Iterable<unknown>): void;
  replace(values: Iterable<unknown>): void;
  toArray(): unknown[];
  clear(): void;
}

export function tableOf(ctx: FunctionContext, property: string): TestTable {
  return ctx.state[property] as TestTable;
}

export function bufferOf(ctx: FunctionContext, property: string): TestBuffer {
  return ctx.state[property] as TestBuffer;
}

export const OUT = { egress: "test/out" } as const;
