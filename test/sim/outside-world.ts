/**
 * An outside world that takes part in simulated runs: it lives in their time, and goes back where a run goes back to a savepoint.
 *
 * A run begins in it as the test has set it up; where a job starts from a savepoint that others went on from, or from an earlier checkpoint, it starts in
 * the world as it was at that moment.
 */
import type { TimeMs } from "../../core/time/clock.ts";
import type { Random } from "../../core/util/random.ts";
import type { SimScheduler } from "./scheduler.ts";

/** What a run gives to those around it. */
export interface OutsideSeams {
  /** Events of nobody go on whoever dies; `current` is the process that is calling. */
  readonly scheduler: SimScheduler;
  /** Its own: what is drawn here changes no other choice of the run. */
  readonly random: Random;
  /** The time at which true time began. */
  readonly startMs: TimeMs;
  /** Nothing must go wrong any more. */
  isHealed(): boolean;
  /** A fault that struck, for the history. */
  note(fault: string, about: string): void;
}

/** A state of the world; several may go their own ways. */
export interface OutsideMoment {
  /** As it is now, standing still until it is entered. */
  fork(): OutsideMoment;
  /** Whoever calls from now on finds this one, and what was under way in it goes on. Nothing, if it is so already. */
  enter(seams: OutsideSeams): void;
  /** The run is over. What it has left stays to be looked at, until the next one. */
  leave(): void;
}

export interface OutsideWorld {
  /** Whether things go wrong in it by themselves. */
  readonly fails: boolean;
  /** The world at the beginning of a run. */
  begin(): OutsideMoment;
}
