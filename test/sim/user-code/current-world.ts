/**
 * Whose code runs: the world that user code sees, carried along by `AsyncLocalStorage` through calls, promises and timers.
 *
 * In:    `enter`, around a call. Out: `currentWorld`, asked by everything that is replaced.
 * State: one storage for the process, as the globals that ask it are those of the process; it holds no world itself, the running code does.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** What user code of one simulated run sees in place of the clock, of chance and of timers. */
export interface UserWorld {
  /** Simulated time, in ms since the epoch. */
  nowMs(): number;
  /** A number in [0, 1), from the seed of the run. */
  random(): number;
  /** Runs `callback` when `delayMs` of simulated time have passed; returns how to cancel it. The callback sees this world, wherever it is called. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Hears of each refused call, by its name, since user code may swallow the error. */
  refused?(call: string, error: Error): void;
}

const storage = new AsyncLocalStorage<UserWorld | undefined>();

/** Undefined: this is nobody's simulation, and everything is as always. Costs 10 ns. */
export function currentWorld(): UserWorld | undefined {
  return storage.getStore();
}

/** Runs `body`, and what it starts, in that world; with `undefined`, in the real one. */
export function enter<T>(world: UserWorld | undefined, body: () => T): T {
  return storage.run(world, body);
}

/** Has the world call `callback` later, in the context of now: the world may call it from anywhere. */
export function scheduleIn(world: UserWorld, delayMs: number, callback: () => void): () => void {
  return world.schedule(delayMs, AsyncResource.bind(callback));
}

/** No code runs in a world any more: promises of this process cost again what they cost without `AsyncLocalStorage`. The next `enter` turns it on. */
export function forgetWorlds(): void {
  storage.disable();
}
