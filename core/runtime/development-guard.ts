/**
 * Development mode: finds code that changes a value after it was emitted, or a value that it received.
 *
 * Values inside a slot are shared, not copied. The guard freezes plain objects and arrays on emission, deeply, so that a later write throws where
 * it happens; Maps, Sets, Dates and byte arrays cannot be frozen, so their contents are compared before and after each hop.
 * Cost: every record is walked once per hop; never on in production.
 */
import type { Output } from "../operators/operator.ts";
import type { TimeMs } from "../time/clock.ts";
import { encodeValue } from "../types/value-codec.ts";
import { MillraceError } from "../util/errors.ts";

export class DevelopmentGuard {
  /** `from` names the operator that emits. */
  wrap(target: Output<unknown>, from: string): Output<unknown> {
    return new GuardedOutput(target, from);
  }
}

class GuardedOutput implements Output<unknown> {
  readonly #target: Output<unknown>;
  readonly #from: string;

  constructor(target: Output<unknown>, from: string) {
    this.#target = target;
    this.#from = from;
  }

  processRecord(value: unknown, timestampMs: TimeMs): void {
    if (typeof value !== "object" || value === null) {
      this.#target.processRecord(value, timestampMs);
      return;
    }
    const unfreezable = freeze(value);
    const before = unfreezable ? encodeValue(value) : undefined;
    this.#target.processRecord(value, timestampMs);
    if (before !== undefined && !sameBytes(before, encodeValue(value))) {
      throw new MillraceError(
        "MR3007",
        `a value that "${this.#from}" emitted was changed by an operator that received it: emit a changed copy instead`,
        { retryable: false },
      );
    }
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#target.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#target.processIdle(idle);
  }
}

/** Freezes what can be frozen; true if something inside cannot. */
function freeze(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (
    ArrayBuffer.isView(value) ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Date ||
    value instanceof ArrayBuffer
  )
    return true;
  let unfreezable = false;
  Object.freeze(value);
  for (const inner of Object.values(value)) unfreezable = freeze(inner) || unfreezable;
  return unfreezable;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && left.every((byte, index) => byte === right[index]);
}
