/**
 * Gateways to objects in other threads and processes: a call becomes bytes, which whoever has the object turns into the call again.
 *
 * In:   calls of the methods of an interface; arguments are plain values and errors. Out: the same calls, in the order of the connection.
 * Errors: `MR4101` an argument that cannot be encoded, at the caller, who may still say where it came from.
 */
import { decodeValue, encodeValue } from "../../types/value-codec.ts";
import type { Gateway } from "./in-process.ts";
import { fromWire, toWire } from "./wire-error.ts";
import type { WireError } from "./wire-error.ts";

/** A call on its way. */
export type WireCall = Uint8Array;

/** By place: an error, or any other value. */
type WireArgument = { readonly error: WireError } | { readonly value: unknown };

export function remoteGateway<T extends object>(
  methods: readonly (keyof T & string)[],
  send: (call: WireCall) => void,
): Gateway<T> {
  const entries = methods.map((method) => [method, (...args: unknown[]): void => send(encodeCall(method, args))]);
  return Object.fromEntries(entries) as Gateway<T>; // one entry per method
}

/** At the other end. `target` has the methods of the gateway. */
export function makeCall(target: object, call: WireCall): void {
  const { method, args } = decodeCall(call);
  Reflect.apply(Reflect.get(target, method) as () => void, target, args); // the methods that the gateway was made of
}

function encodeCall(method: string, args: readonly unknown[]): WireCall {
  const wired = args.map((arg): WireArgument => (arg instanceof Error ? { error: toWire(arg) } : { value: arg }));
  return encodeValue([method, wired]);
}

function decodeCall(call: WireCall): { readonly method: string; readonly args: readonly unknown[] } {
  const [method, wired] = decodeValue(call) as [string, readonly WireArgument[]]; // as `encodeCall` writes it
  return { method, args: wired.map((arg) => ("error" in arg ? fromWire(arg.error) : arg.value)) };
}
