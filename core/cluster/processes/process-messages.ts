/** What the process of a slot and the one that started it tell each other: what is told any slot, and what goes from slot to slot, since processes have no port to each other. */
import type { WireError } from "../rpc/wire-error.ts";
import type { FromSlot, SlotStart, ToPeer, ToSlot } from "../slot-messages.ts";

export type ToProcess =
  | ToSlot
  /** The first of all. */
  | { readonly kind: "start"; readonly start: SlotStart }
  | { readonly kind: "linked"; readonly peer: string }
  | { readonly kind: "from-peer"; readonly peer: string; readonly message: ToPeer }
  | { readonly kind: "peer-lost"; readonly peer: string };

export type FromProcess =
  | FromSlot
  | { readonly kind: "to-peer"; readonly peer: string; readonly message: ToPeer }
  /** It ends by an error that nobody has caught. */
  | { readonly kind: "uncaught"; readonly error: WireError };
