/** What the process of a slot thread tells it: what it tells any slot, and the ports that only threads can be handed. */
import type { MessagePort } from "node:worker_threads";
import type { ToSlot } from "../slot-messages.ts";

export type ToThread = ToSlot | { readonly kind: "peer"; readonly peer: string; readonly port: MessagePort };
