/**
 * A message with its addresses, as it travels from ingress and functions to functions. Flat, with fields in one order, since that is what the columnar
 * codec is fastest with; always made by the two functions below.
 */
import type { Address, TypeName } from "./address.ts";

export interface Envelope {
  readonly to: TypeName;
  readonly id: string;
  /** Empty: it comes from outside. */
  readonly from: TypeName | "";
  readonly fromId: string;
  /** Which of the messages that the receiver accepts; {@link ANY_KIND} for functions that take whatever comes. */
  readonly kind: string;
  readonly value: unknown;
}

/** The kind of messages to functions that do not tell messages apart by name. */
export const ANY_KIND = "";

export function fromOutside(to: Address, kind: string, value: unknown): Envelope {
  return { to: to.type, id: to.id, from: "", fromId: "", kind, value };
}

export function keyOfEnvelope({ id }: Envelope): string {
  return id;
}
