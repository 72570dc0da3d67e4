/**
 * User code in a simulation: it sees simulated time and seeded chance, and is refused by name what reaches out.
 *
 * In:    a world and a body. Out: what the body returns.
 * State: none here; the stand-ins are installed while somebody holds them (installation.ts), whose code runs is in current-world.ts.
 *
 * Read next: time-patches.ts, random-patches.ts, timer-patches.ts for what is replaced; refused-calls.ts for what is refused. The engine uses none of it.
 *
 * Cost, measured on Node 20: 25 ns to enter while the stand-ins are held, over a millisecond while they are not; meanwhile an `await` costs 0.3 µs more in the
 * whole process.
 */
import { enter } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";
import { installation } from "./installation.ts";

export type { UserWorld } from "./current-world.ts";

/** Runs `body` so that everything it calls, now and after awaits, sees this world. Of two worlds, one in the other, the inner one counts. */
export function inUserWorld<T>(world: UserWorld, body: () => T): T {
  installation.hold();
  let result: T;
  try {
    result = enter(world, body);
  } catch (error) {
    installation.release();
    throw error;
  }
  if (!(result instanceof Promise)) {
    installation.release();
    return result;
  }
  return result.finally(() => {
    installation.release();
  }) as T; // the same promise, one tick later
}

/** Runs `body` in the real world: for what a simulator itself needs in the middle of a run, such as real timers. */
export function outsideUserWorld<T>(body: () => T): T {
  return enter(undefined, body);
}

/**
 * Keeps the stand-ins installed until what it returns is called: around a run whose events enter one by one, since user code may go on after the event that
 * started it, and around many runs, since installing takes longer than a small run.
 */
export function keepUserWorlds(): () => void {
  installation.hold();
  let held = true;
  return () => {
    if (held) installation.release();
    held = false;
  };
}
