/**
 * Finds the addresses in quarantine in saved state: for who reads a checkpoint, and for tests of functions.
 *
 * In: keyed state as `group/mailboxes.ts` has written it. Out: a record per address, in no order.
 */
import { map, value } from "../../core/state/descriptors.ts";
import type { SavedKeyedState } from "../../core/state/keyed-state.ts";
import type { Address, TypeName } from "../address.ts";
import type { Mail, Parked, ParkedAddress } from "../group/mailboxes.ts";
import { UNKNOWN_ERROR } from "../group/quarantined.ts";
import type { SavedError } from "../group/saved-error.ts";

/** An address that a message has stopped, until somebody has it tried again, or skips it. */
export interface QuarantinedAddress extends Address {
  readonly type: TypeName;
  readonly id: string;
  /** What the handler threw. */
  readonly error: Omit<SavedError, "timeMs">;
  /** When it did, by the clock of the task. */
  readonly sinceMs: number;
  /** The message at which it stands. */
  readonly message: {
    readonly kind: string;
    readonly value: unknown;
    /** Undefined: it came from outside. */
    readonly caller: Address | undefined;
  };
  /** How many messages wait behind it; those that were too many for memory, and wait on disk, are not counted. */
  readonly waiting: number;
}

/** Whoever has read them must not bind mailboxes to the same state again. */
export function quarantinedIn(keyed: SavedKeyedState): readonly QuarantinedAddress[] {
  const records = keyed.value("parked", value<Parked>(), { namespaced: true });
  const mails = keyed.map("mailbox", map<number, Mail>(), { namespaced: true });
  return parkedIn(keyed).flatMap(({ type, id }): QuarantinedAddress[] => {
    keyed.setCurrentKey(id);
    keyed.setCurrentNamespace(type);
    const parked = records.peek();
    const mail = parked === undefined ? undefined : mails.get(parked.head);
    if (parked?.status !== "quarantined" || mail === undefined) return [];
    const { timeMs: sinceMs, ...error } = parked.error ?? UNKNOWN_ERROR;
    const caller = mail.from === "" ? undefined : { type: mail.from, id: mail.fromId };
    const message = { kind: mail.kind, value: mail.value, caller };
    return [{ type, id, error, sinceMs, message, waiting: parked.next - parked.head - 1 }];
  });
}

/** Each parked address is marked by a timer. */
function parkedIn(keyed: SavedKeyedState): readonly ParkedAddress[] {
  const found: ParkedAddress[] = [];
  const marks = keyed.timers("parked", {
    onEventTimer: (_timeMs, namespace) => {
      found.push({ id: String(keyed.getCurrentKey()), type: namespace as TypeName }); // as mailboxes have registered it
    },
    onProcessingTimer: () => undefined,
  });
  marks.fireEvent(Infinity, { busy: false });
  return found;
}
