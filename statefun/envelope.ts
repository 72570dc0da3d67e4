/**
 * A message with its addresses, as it travels from ingress and functions to functions: flat, and with its fields in this one order wherever it is made, since the columnar codec and whatever else reads
 * it are fastest with one shape.
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

/** Hot. */
export function envelopeFromOutside(to: TypeName, id: string, kind: string, value: unknown): Envelope {
  return { to, id, from: "", fromId: "", kind, value };
}

export function fromOutside(to: Address, kind: string, value: unknown): Envelope {
  return envelopeFromOutside(to.type, to.id, kind, value);
}

export function keyOfEnvelope({ id }: Envelope): string {
  return id;
}
