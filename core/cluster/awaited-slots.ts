/**
 * Slots of a job that were started and have not offered themselves yet: nobody else would notice one that never does, as when the job's module awaits at its top
 * level what never comes.
 *
 * In:   slots that start, offer themselves, end. Out: a word for people after a while; in the end, that a slot is overdue, and why. State: a timer for each.
 */
import type { Cancel, Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { formatMs } from "../util/duration.ts";
import { MillraceError } from "../util/errors.ts";

export interface AwaitedSlotsOptions {
  readonly clock: Clock;
  readonly config: Config;
  /** URL of the job's module. */
  readonly module: string;
  warn(line: string): void;
  /** Called once for a slot; nobody waits for it any more. */
  overdue(slot: string, cause: Error): void;
}

/** After which people hear that a slot takes its time. */
const PATIENCE_MS = 10_000;

export class AwaitedSlots {
  readonly #options: AwaitedSlotsOptions;
  readonly #timeoutMs: number;
  readonly #waits: Map<string, Cancel>;

  constructor(options: AwaitedSlotsOptions) {
    this.#options = options;
    this.#timeoutMs = options.config.get(OPTIONS.slotRequestTimeout);
    this.#waits = new Map();
  }

  started(slot: string): void {
    if (this.#timeoutMs <= PATIENCE_MS) return this.#expireAfter(slot, this.#timeoutMs);
    const { clock, module } = this.#options;
    const cancel = clock.schedule(PATIENCE_MS, () => {
      const leftMs = this.#timeoutMs - PATIENCE_MS;
      this.#options.warn(
        `slot ${slot} takes long to import ${module}; if it does not begin within ${formatMs(leftMs)}, it is ended`,
      );
      this.#expireAfter(slot, leftMs);
    });
    this.#waits.set(slot, cancel);
  }

  /** It has offered itself, or is no more. */
  forget(slot: string): void {
    this.#waits.get(slot)?.();
    this.#waits.delete(slot);
  }

  stop(): void {
    for (const slot of [...this.#waits.keys()]) this.forget(slot);
  }

  #expireAfter(slot: string, delayMs: number): void {
    const { clock, module } = this.#options;
    const cancel = clock.schedule(delayMs, () => {
      this.#waits.delete(slot);
      const advice = `see whether it awaits at its top level what never comes, or raise ${OPTIONS.slotRequestTimeout.key}`;
      const sentence = `slot ${slot} has not imported ${module} and built the job within ${formatMs(this.#timeoutMs)}: ${advice}`;
      this.#options.overdue(slot, new MillraceError("MR7015", sentence));
    });
    this.#waits.set(slot, cancel);
  }
}
