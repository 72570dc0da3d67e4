/** What can go wrong between us and a Kafka cluster. Each code is one thing that a caller, or a person, does something about. */
import { MillraceError } from "../../../core/util/errors.ts";

/** The library is missing, or is not the version whose insides we know. */
export function clientUnusable(sentence: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6401", sentence, { cause, retryable: false });
}

/** No broker answered, or none that can do this now, for as long as we may wait. */
export function unreachable(sentence: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6402", sentence, { cause });
}

export function noSuchPartition(what: string): MillraceError {
  const sentence = `${what} does not exist: create it, or correct the name; millrace creates no topics`;
  return new MillraceError("MR6403", sentence, { retryable: false });
}

export function notAllowed(sentence: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6404", sentence, { cause, retryable: false });
}

/** Another producer came with the same transactional id, or the broker gave the transaction up. The restart takes the id over again. */
export function fenced(transactionalId: string, cause?: unknown): MillraceError {
  const sentence = `another producer has taken over the transactional id "${transactionalId}", or its transaction was open for longer than its timeout; two jobs must not share a transactional id prefix`;
  return new MillraceError("MR6405", sentence, { cause });
}

/** For an attempt that was believed dead: another one has these ids already. */
export function superseded(transactionalId: string): MillraceError {
  const sentence = `a later attempt writes for this subtask, under the transactional id "${transactionalId}"`;
  return new MillraceError("MR6405", sentence);
}

/** There is no such transaction any more, or it ended the other way. */
export function noSuchTransaction(transactionalId: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6406", `the transaction of "${transactionalId}" is over already`, { cause });
}

export function noSuchOffset(what: string): MillraceError {
  return new MillraceError(
    "MR6407",
    `${what} is not there (any more): the broker has deleted it, or the topic is a new one of the same name`,
    {
      retryable: false,
    },
  );
}

/** The broker refuses, for a reason that trying again does not change. */
export function refused(sentence: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6408", sentence, { cause, retryable: false });
}

/** Only from `fetch`, whose caller asks for the leader anew. */
export function notTheLeader(what: string): MillraceError {
  return new MillraceError("MR6409", `${what} is led by another broker now`);
}

/** The broker is too old for what we need. */
export function tooOld(sentence: string): MillraceError {
  return new MillraceError("MR6410", sentence, { retryable: false });
}

/** A batch does not follow what the broker has of its producer: one in between was lost, or the broker has forgotten the producer. A restart writes all again. */
export function outOfSequence(sentence: string, cause?: unknown): MillraceError {
  return new MillraceError("MR6412", sentence, { cause });
}
