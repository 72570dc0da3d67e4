/** What can go wrong with Kafka before functions and behind them, beside what source and sink are to blame for. */
import { MillraceError } from "../../core/util/errors.ts";

export function wrongOption(sentence: string): MillraceError {
  return new MillraceError("MR9080", sentence, { retryable: false });
}

/** The turn that sent it is over, so the job fails. */
export function wrongRecord(egress: string, what: string): MillraceError {
  const sentence = `a record for the egress ${egress} ${what}: send { topic?, key?, value, headers?, partition?, timestampMs? }, with text or bytes`;
  return new MillraceError("MR9081", sentence, { retryable: false });
}
