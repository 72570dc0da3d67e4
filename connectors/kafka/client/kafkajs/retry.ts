/**
 * Repeats what may be repeated, until it succeeds, is refused for good, or has taken too long.
 *
 * In: an attempt. Out: its result, or one `MillraceError` with a code that callers tell apart. State: none.
 */
import { asError, isMillraceError } from "../../../../core/util/errors.ts";
import type { MillraceError } from "../../../../core/util/errors.ts";
import {
  fenced,
  noSuchOffset,
  noSuchPartition,
  noSuchTransaction,
  notAllowed,
  outOfSequence,
  refused,
  tooOld,
  unreachable,
} from "../errors.ts";
import { BrokerError, meaningOfThrown } from "./broker-errors.ts";
import type { Meaning } from "./broker-errors.ts";
import { elapsedMs, pause, within } from "./timing.ts";
import type { End } from "./timing.ts";

/** What is being done, for sentences and for the errors that name it. */
export interface Call {
  /** Goes behind "could not", such as `commit the transaction of "a"`. */
  readonly what: string;
  readonly transactionalId?: string | undefined;
}

export interface RetryOptions {
  readonly retryForMs: number;
  /** For sentences. */
  readonly servers: string;
  readonly closing: End;
  /** Before a repetition: whom one asked is not who is to be asked. */
  readonly onMoved: () => void;
}

const FIRST_PAUSE_MS = 20;
const PAUSE_MAX_MS = 500;
/** How long a topic may be unknown to a broker that was not told of it yet. */
const UNKNOWN_TOPIC_MS = 3_000;

export class Retry {
  readonly #options: RetryOptions;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  async run<T>(call: Call, attempt: () => Promise<T>): Promise<T> {
    const { retryForMs, closing, onMoved } = this.#options;
    const start = elapsedMs();
    let last: unknown;
    let unknownSince: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
      try {
        const leftMs = Math.max(0, start + retryForMs - elapsedMs());
        return await within(leftMs, closing, attempt(), () => this.tooLong(call, last));
      } catch (error) {
        const meaning = repeatable(error);
        if (meaning === undefined) throw verdict(error, call);
        if (meaning === "unknown-topic") {
          unknownSince ??= elapsedMs();
          if (elapsedMs() - unknownSince >= UNKNOWN_TOPIC_MS) throw verdict(error, call);
        } else unknownSince = undefined;
        last = error;
        if (meaning !== "again") onMoved();
      }
      if (closing.hasCome || elapsedMs() + pauseMs - start >= retryForMs) throw this.tooLong(call, last);
      await pause(pauseMs, closing);
    }
  }

  tooLong({ what }: Call, last: unknown): MillraceError {
    const { retryForMs, servers } = this.#options;
    const reason = last === undefined ? "no broker answered" : asError(last).message;
    return unreachable(
      `could not ${what} within ${retryForMs} ms: ${reason}; check that the brokers run and that ${servers} leads to them`,
      last,
    );
  }
}

/** Undefined: it is not to be repeated. */
function repeatable(error: unknown): "again" | "moved" | "unknown-topic" | undefined {
  if (isMillraceError(error)) return undefined;
  const meaning = meaningOfThrown(error);
  return meaning === "again" || meaning === "moved" || meaning === "unknown-topic" ? meaning : undefined;
}

/** What the caller is told when nothing more is tried. */
export function verdict(error: unknown, call: Call): MillraceError {
  if (isMillraceError(error)) return error;
  const { message } = asError(error);
  const meaning: Meaning = meaningOfThrown(error) ?? "refused";
  const sentence = `could not ${call.what}: ${message}`;
  switch (meaning) {
    case "again":
    case "moved":
      return unreachable(sentence, error);
    case "unknown-topic":
      return noSuchPartition(error instanceof BrokerError ? error.subject : message);
    case "not-allowed":
      return notAllowed(`${sentence}; check user, password and certificates, and what the user may do`, error);
    case "fenced":
    case "over":
      if (call.transactionalId === undefined) return outOfSequence(sentence, error);
      return meaning === "fenced"
        ? fenced(call.transactionalId, error)
        : noSuchTransaction(call.transactionalId, error);
    case "out-of-sequence":
      return outOfSequence(sentence, error);
    case "out-of-range":
      return noSuchOffset(error instanceof BrokerError ? error.subject : message);
    case "too-old":
      return tooOld(`${sentence}; millrace needs Kafka 2.5 or newer`);
    case "duplicate":
    case "refused":
      return refused(sentence, error);
  }
}
