/**
 * Where slots come from: a seam, since a slot is a thread here, and can be a process elsewhere.
 *
 * In:   what a slot has to know to begin. Out: the slot, as its TaskManager reaches it.
 */
import type { FromSlot, SlotStart, ToSlot } from "./slot-messages.ts";

/** A slot that runs on its own. */
export interface SpawnedSlot {
  readonly name: string;
  send(message: ToSlot): void;
  /** Makes a link between it and another one of the same spawner. */
  link(other: SpawnedSlot): void;
  /** Ends it, whatever it does. */
  terminate(): void;
}

export interface SlotListener {
  received(message: FromSlot): void;
  /** Called once, when nothing of it is left. `cause`: why it ended by itself; undefined if it was told to, or ended by force. */
  exited(cause: Error | undefined): void;
}

export interface Spawner {
  spawn(start: SlotStart, listener: SlotListener): SpawnedSlot;
}
