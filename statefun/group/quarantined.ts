/**
 * Which addresses a subtask that has finished leaves in quarantine, for the result of its job.
 *
 * In: mailboxes. Out: how many there are, and the oldest ten.
 */
import type { KeyedState } from "../../core/state/keyed-state.ts";
import { mergedReports } from "../../core/operators/quarantine-report.ts";
import type { QuarantineReport } from "../../core/operators/quarantine-report.ts";
import type { Address } from "../address.ts";
import type { Mailboxes } from "./mailboxes.ts";
import type { SavedError } from "./saved-error.ts";

/** Costs a look at each address that is parked. */
export function quarantineReport(keyed: KeyedState, mailboxes: Mailboxes): QuarantineReport {
  return mergedReports(reportsIn(keyed, mailboxes));
}

function* reportsIn(keyed: KeyedState, mailboxes: Mailboxes): Generator<QuarantineReport, void> {
  for (const { id, type } of mailboxes.findRestored()) {
    keyed.setCurrentKey(id);
    const parked = mailboxes.open(type);
    if (parked?.status !== "quarantined") continue;
    const { error = UNKNOWN_ERROR } = parked;
    yield { count: 1, first: [{ what: shownAddress({ type, id }), why: onOneLine(error), sinceMs: error.timeMs }] };
  }
}

/** A quarantined address always has its error. */
export const UNKNOWN_ERROR: SavedError = { name: "Error", message: "unknown", stack: "", timeMs: 0 };

const WHY_MAX = 200;

/** Ids, kinds and messages may come from strangers: nothing of them is to be obeyed by a terminal, or to look like a line of its own. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what a terminal would obey
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** An address as it fits into a line of a log or table. */
export function shownAddress({ type, id }: Address): string {
  return printable(`${type} ${JSON.stringify(id)}`);
}

/** An error as it fits into a line of a log or table. */
export function onOneLine({ code, name, message }: Pick<SavedError, "code" | "name" | "message">): string {
  const says = [code, name].some((word) => word !== undefined && message.startsWith(word));
  const sentence = says ? message : `${name}: ${message}`;
  const line = printable(sentence).trim();
  return line.length > WHY_MAX ? `${line.slice(0, WHY_MAX - 1)}…` : line;
}
