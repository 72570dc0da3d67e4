/** Finds the delayed messages in saved state: for tests of functions, which ask what waits. */
import { value } from "../../core/state/descriptors.ts";
import type { SavedKeyedState } from "../../core/state/keyed-state.ts";
import type { Address } from "../address.ts";
import { DELAYED_SENDS } from "../group/delayed-sends.ts";
import type { DelayedSend } from "../group/delayed-sends.ts";

/** A message that waits for its time. */
export interface WaitingSend {
  readonly from: Address;
  readonly to: Address;
  readonly kind: string;
  readonly value: unknown;
  /** By which `cancel` takes it back. */
  readonly token: string;
  /** In ms: of the clock, or of the watermark. */
  readonly dueMs: number;
  readonly time: "processing" | "event";
}

const NEVER_BUSY = { busy: false } as const;

/** The earliest first. Whoever has read them must not bind delayed messages to the same state again. */
export function waitingSendsIn(keyed: SavedKeyedState): readonly WaitingSend[] {
  const saved = keyed.value(DELAYED_SENDS, value<DelayedSend>(), { namespaced: true });
  const found: WaitingSend[] = [];
  const find = (_timeMs: number, namespace: string | number): void => {
    keyed.setCurrentNamespace(namespace);
    const send = saved.peek();
    if (send !== undefined) found.push(waitingSend(String(keyed.getCurrentKey()), send));
  };
  const timers = keyed.timers(DELAYED_SENDS, { onEventTimer: find, onProcessingTimer: find });
  timers.fireProcessing(Infinity, NEVER_BUSY);
  timers.fireEvent(Infinity, NEVER_BUSY);
  return found.toSorted((left, right) => left.dueMs - right.dueMs);
}

function waitingSend(sender: string, send: DelayedSend): WaitingSend {
  const { from, to, id, kind, token, dueMs, domain } = send;
  return {
    from: { type: from, id: sender },
    to: { type: to, id },
    kind,
    value: send.value,
    token,
    dueMs,
    time: domain,
  };
}
