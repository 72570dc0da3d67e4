/**
 * How time passes for simulated brokers, and for those who call them: the seam between them and a clock, or a simulated run.
 *
 * In:    a clock, or the scheduler of a run. Out: a `KafkaDriver`. State: none but theirs.
 */
import type { Cancel, Clock, TimeMs } from "../../../core/time/clock.ts";
import type { Random } from "../../../core/util/random.ts";
import type { OutsideSeams } from "../outside-world.ts";

/** Runs an event later, once. */
export type Later = (delayMs: number, event: () => void) => Cancel;

export interface KafkaDriver {
  readonly random: Random;
  nowMs(): TimeMs;
  /** For brokers: it comes, whoever has died. */
  readonly later: Later;
  /** For whoever is calling right now: it dies with them. */
  caller(): Later;
  /** Whether faults still strike. */
  isHealed(): boolean;
  /** For whoever reads what happened. */
  note(fault: string, about: string): void;
}

/** Brokers and clients live by one clock. `patient`: for what comes much later, if anything. */
export function clockDriver(clock: Clock, random: Random, patient: Later = later(clock)): KafkaDriver {
  const nobodys = later(clock);
  return {
    random,
    nowMs: () => Math.floor(clock.nowMs()),
    later: (delayMs, event) => (delayMs > SOON_MS ? patient : nobodys)(delayMs, event),
    caller: () => nobodys,
    isHealed: () => false,
    note: () => undefined,
  };
}

/** A process that has nothing else to do need not wait for a timeout of a transaction. */
export const unawaited: Later = (delayMs, event) => {
  const timer = setTimeout(event, Math.min(delayMs, 2_147_483_647)).unref();
  return () => clearTimeout(timer);
};

const SOON_MS = 1_000;

/** Brokers live in true time. Clients are those of the process whose event is under way, and die with it. */
export function runDriver({ scheduler, random, isHealed, note, startMs }: OutsideSeams): KafkaDriver {
  return {
    random,
    nowMs: () => Math.floor(startMs + scheduler.nowMs),
    later: (delayMs, event) => scheduler.at(undefined, delayMs, event),
    caller: () => {
      const { current } = scheduler;
      return (delayMs, event) => scheduler.at(current, delayMs, event);
    },
    isHealed,
    note,
  };
}

function later(clock: Clock): Later {
  return (delayMs, event) => clock.schedule(delayMs, event);
}
