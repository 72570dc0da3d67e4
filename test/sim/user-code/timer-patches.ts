/**
 * Timers in simulated time: `setTimeout`, `setInterval` and `setImmediate` of the globals and of `node:timers`, those of `node:timers/promises`, and
 * `AbortSignal.timeout`. So `await sleep(100)` in a sink costs 100 simulated ms, and none of anybody's life.
 *
 * In:    `schedule` of the world whose code asks. Out: patches.
 * State: per world, the timers under way by their ids, since `clearTimeout` takes a number too.
 *
 * Microtasks (`queueMicrotask`, promises, `process.nextTick`) are left alone: they run before the simulation goes on.
 */
import { promisify } from "node:util";
import { scheduleIn } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";
import { isCallable, methodPatch, played, valuePatch } from "./patch.ts";
import type { Callable, Patch, Play } from "./patch.ts";
import { delayOf, SimulatedTimeout, TimersOfWorlds } from "./simulated-timeout.ts";
import { sleep, ticks } from "./sleep.ts";

export function timerPatches(): Patch[] {
  const timers = new TimersOfWorlds();
  const real = process.getBuiltinModule("node:timers");
  const set: Readonly<Record<string, readonly [play: Play, promised: Callable | undefined]>> = {
    setTimeout: [starting(timers, { repeats: false, hasDelay: true }), promisedTimeout()],
    setInterval: [starting(timers, { repeats: true, hasDelay: true }), undefined],
    setImmediate: [starting(timers, { repeats: false, hasDelay: false }), promisedImmediate()],
  };
  const standIns = Object.entries(set).map(([name, [play, promised]]) => {
    const original: unknown = Reflect.get(globalThis, name);
    if (!isCallable(original)) throw new TypeError(`${name} is gone`);
    const faulty: Play = (world, args) =>
      isCallable(args[0]) ? play(world, args) : Reflect.apply(original, undefined, args); // which refuses it as always
    const properties = new Map(promised === undefined ? [] : [[promisify.custom, promised]]);
    return [name, played(original, faulty, properties)] as const;
  });
  const clears = ["clearTimeout", "clearInterval", "clearImmediate"].map((name) => {
    const original: unknown = Reflect.get(globalThis, name);
    return [name, (timer: unknown) => clearTimer(timers, timer, original)] as const;
  });
  return [
    ...[globalThis, real].flatMap((target) =>
      [...standIns, ...clears].map(([name, standIn]) => valuePatch(target, name, standIn)),
    ),
    ...promisePatches(),
    ...methodPatch(AbortSignal, "timeout", abortAfter),
  ];
}

function starting(timers: TimersOfWorlds, kind: { readonly repeats: boolean; readonly hasDelay: boolean }): Play {
  return (world, [callback, ...rest]) => {
    const delayMs = kind.hasDelay ? delayOf(rest[0]) : 0;
    const args = kind.hasDelay ? rest.slice(1) : rest;
    const run = (): unknown => Reflect.apply(callback as Callable, undefined, args); // checked by the caller
    return new SimulatedTimeout(timers.of(world), world, { run, delayMs, repeats: kind.repeats });
  };
}

/** A handle of ours may be cleared from anywhere; what is not ours goes to the real function. */
function clearTimer(timers: TimersOfWorlds, timer: unknown, original: unknown): void {
  const found = timer instanceof SimulatedTimeout ? timer : timers.current()?.get(Number(timer));
  if (found !== undefined) found.close();
  else if (isCallable(original)) Reflect.apply(original, undefined, [timer]);
}

function promisedTimeout(): Callable {
  const { setTimeout: original } = process.getBuiltinModule("node:timers/promises");
  return played(original, (world, [delay, value, options]) => sleep(world, delayOf(delay), { value, options }));
}

function promisedImmediate(): Callable {
  const { setImmediate: original } = process.getBuiltinModule("node:timers/promises");
  return played(original, (world, [value, options]) => sleep(world, 0, { value, options }));
}

function promisePatches(): Patch[] {
  const promises = process.getBuiltinModule("node:timers/promises");
  return [
    valuePatch(promises, "setTimeout", promisedTimeout()),
    valuePatch(promises, "setImmediate", promisedImmediate()),
    ...methodPatch(promises, "setInterval", (world, [delay, value, options]) =>
      ticks(world, delayOf(delay), { value, options }),
    ),
    ...methodPatch(promises.scheduler, "wait", (world, [delay, options]) =>
      sleep(world, delayOf(delay), { value: undefined, options }),
    ),
    ...methodPatch(promises.scheduler, "yield", (world) => sleep(world, 0, { value: undefined, options: undefined })),
  ];
}

function abortAfter(world: UserWorld, [delayMs]: readonly unknown[]): AbortSignal {
  const controller = new AbortController();
  scheduleIn(world, Number(delayMs), () => {
    controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  });
  return controller.signal;
}
