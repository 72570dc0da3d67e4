/**
 * Runs turns: checks the message, calls the handler, and applies or drops what it did. Whoever asks for the state of an address gets it in a turn, too, in which no handler is called.
 *
 * In:    messages whose address is free, and the current key if the function has state. Out: `applied`; `failed`, with `error`; or `async`, with `begun`: the handler has returned a promise.
 * State: none but what the last turn left in those two fields.
 */
import type { TimeMs } from "../../core/time/clock.ts";
import { MillraceError } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import type { Envelope } from "../envelope.ts";
import { READ_KIND } from "../http-messages.ts";
import { copyValue } from "./copy-value.ts";
import type { LiveFunction } from "./live-function.ts";
import { replyState } from "./reply-state.ts";
import type { Turn, TurnWorld } from "./turn.ts";

export type Outcome = "applied" | "failed" | "async";

/** A turn whose handler goes on later. */
export interface BegunTurn {
  readonly turn: Turn;
  readonly promise: PromiseLike<unknown>;
}

export class TurnRunner {
  error: unknown = undefined;
  begun: BegunTurn | undefined = undefined;
  readonly #world: TurnWorld;

  constructor(world: TurnWorld) {
    this.#world = world;
  }

  /** Hot. What a handler throws is caught here, and nothing else: an error while a turn is applied fails the task, since half of it may have happened. */
  run(fn: LiveFunction, envelope: Envelope, timestampMs: TimeMs): Outcome {
    const turn = (fn.idle ??= fn.makeTurn(this.#world));
    turn.begin(envelope, timestampMs);
    let result: unknown;
    try {
      let { value } = envelope;
      const { kind } = envelope;
      if (fn.isAsync) value = copyValue(value);
      if (kind === fn.knownKind || isMessage(fn, kind)) {
        // Messages of functions have been checked when they came in, or were made by code of ours; those of requests by the server.
        if (envelope.from === "" && fn.knownCheck !== undefined) value = fn.knownCheck(value);
        result = fn.handler(turn.context, kind, value);
      } else {
        replyState(turn.context, fn.definition);
      }
    } catch (error) {
      turn.drop();
      this.error = error;
      return "failed";
    }
    if (result !== undefined && isPromise(result)) {
      fn.isAsync = true;
      fn.idle = undefined;
      turn.detached = true;
      this.begun = { turn, promise: result };
      return "async";
    }
    turn.apply();
    return "applied";
  }
}

/** False: it asks for the state. Functions without declared messages take any. */
function isMessage(fn: LiveFunction, kind: string): boolean {
  if (kind === READ_KIND) return false;
  if (fn.accepts === undefined || fn.accepts.has(kind)) {
    fn.knownKind = kind;
    fn.knownCheck = fn.accepts?.get(kind);
    return true;
  }
  const kinds = [...fn.accepts.keys()];
  const suggestion = nearest(kind, kinds);
  const hint = suggestion === undefined ? `it accepts ${kinds.join(", ")}` : `did you mean "${suggestion}"?`;
  throw new MillraceError("MR9031", `${fn.type} accepts no message of kind "${kind}": ${hint}`, { retryable: false });
}

function isPromise(result: unknown): result is PromiseLike<unknown> {
  return typeof result === "object" && result !== null && "then" in result && typeof result.then === "function";
}
