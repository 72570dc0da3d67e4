/**
 * What a slot in a thread or process of its own, and the process that it belongs to, tell each other. Plain data, in order in each direction.
 *
 * Between its beginning and its end a slot serves one job.
 */
import type { MetricReading } from "../metrics/metric-registry.ts";
import type { WireCall } from "./rpc/remote-gateway.ts";
import type { StoreAnswer, StoreRequest } from "./rpc/remote-store.ts";
import type { SlotMessage } from "./task-slot.ts";

/** A blob store of the job: a directory, or undefined for the memory of the process that has the job's master. */
export interface Mount {
  readonly mount: string;
  readonly directory: string | undefined;
}

/** What a slot has to know to begin: where the job is, and which graph its master has built of it. */
export interface SlotStart {
  readonly name: string;
  readonly jobName: string;
  /** URL of the job's module. */
  readonly module: string;
  readonly args: readonly string[];
  readonly config: Readonly<Record<string, boolean | number | string>>;
  /** Lines that the graph must give, see `signatureOf`. */
  readonly signature: readonly string[];
  /** By vertex, as the master took them over from what the job starts from. */
  readonly maxParallelism: readonly number[];
  readonly mounts: readonly Mount[];
}

export type ToSlot =
  /** A call of the job's master to the slot of an offer. */
  | { readonly kind: "call"; readonly offer: string; readonly call: WireCall }
  | { readonly kind: "mount"; readonly mount: Mount }
  | { readonly kind: "store"; readonly answer: StoreAnswer }
  /** Nobody of that name is there (any more). */
  | { readonly kind: "no-peer"; readonly peer: string }
  /** The job is over. */
  | { readonly kind: "end" };

export type FromSlot =
  /** A report of an offer to the job's master. */
  | { readonly kind: "call"; readonly offer: string; readonly call: WireCall }
  | { readonly kind: "store"; readonly request: StoreRequest }
  /** It wants to send to another slot of the job. */
  | { readonly kind: "connect"; readonly peer: string }
  | { readonly kind: "metrics"; readonly readings: readonly MetricReading[] }
  | { readonly kind: "warn"; readonly line: string };

/** What two slots tell each other: channel messages from offer to offer. */
export type ToPeer =
  | { readonly kind: "channel"; readonly from: string; readonly to: string; readonly message: SlotMessage }
  /** That offer is not in force. */
  | { readonly kind: "gone"; readonly offer: string };

/** The slot that made an offer: offers are numbered per slot. */
export function slotOfOffer(offer: string): string {
  return offer.slice(0, offer.lastIndexOf("#"));
}
