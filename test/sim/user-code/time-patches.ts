/**
 * Simulated time in place of the clocks that JavaScript has: `Date`, `performance`, `process.hrtime`, and the "now" of `Intl.DateTimeFormat`.
 *
 * In:  `nowMs` of the world whose code asks. Out: patches. Dates are real ones in both worlds: only where they take their time from differs.
 *
 * What user code took out of `Date` before the first simulation, such as a class that extends it, keeps the real time; `Date.now` is replaced in place.
 */
import { currentWorld } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";
import { isCallable, methodPatch, played, valuePatch } from "./patch.ts";
import type { Patch } from "./patch.ts";

export function timePatches(): Patch[] {
  return [...datePatches(), ...formatPatches(), ...performancePatches(), ...processPatches()];
}

/** Whole ms, as dates have. */
function dateMs(world: UserWorld): number {
  return Math.floor(world.nowMs());
}

function datePatches(): Patch[] {
  const real = Date;
  const simulated: DateConstructor = new Proxy(real, {
    apply(target) {
      const world = currentWorld();
      return world === undefined ? target() : new real(dateMs(world)).toString();
    },
    construct(target, args: number[], newTarget: Callable) {
      const world = args.length === 0 ? currentWorld() : undefined;
      // The short way for what is constructed most: ten times faster.
      if (newTarget === simulated && args.length === 1) return new target(args[0] ?? NaN);
      return Reflect.construct(target, world === undefined ? args : [dateMs(world)], newTarget) as object; // a date, or what extends it
    },
  });
  return [
    valuePatch(globalThis, "Date", simulated),
    ...methodPatch(real, "now", dateMs),
    valuePatch(real.prototype, "constructor", simulated),
  ];
}

type Callable = (...args: never[]) => unknown;

/** Without an argument, both format the time that it is. */
function formatPatches(): Patch[] {
  const { prototype } = Intl.DateTimeFormat;
  const { formatToParts } = prototype;
  const format = Object.getOwnPropertyDescriptor(prototype, "format");
  const patched: Patch[] = [
    valuePatch(prototype, "formatToParts", function (this: Intl.DateTimeFormat, date?: Date | number) {
      return formatToParts.call(this, date ?? formattedMs());
    }),
  ];
  if (format?.get === undefined) return patched;
  const getFormat = format.get;
  const get = function (this: Intl.DateTimeFormat): unknown {
    const original: unknown = getFormat.call(this);
    if (currentWorld() === undefined || !isCallable(original)) return original;
    return (date?: never) => original(date ?? (formattedMs() as never)); // a time is what it takes
  };
  return [...patched, { target: prototype, key: "format", descriptor: { ...format, get } }];
}

function formattedMs(): number | undefined {
  const world = currentWorld();
  return world === undefined ? undefined : dateMs(world);
}

/** `timeOrigin` is the epoch, so that `timeOrigin + now()` is the time as always. */
function performancePatches(): Patch[] {
  const { performance } = globalThis;
  // Fake timers of a test may have put one without a prototype here.
  const prototype = Object.getPrototypeOf(performance) as object | null; // an instance of Performance
  const timeOrigin = prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, "timeOrigin");
  const now = methodPatch(performance, "now", (world) => world.nowMs());
  const getOrigin = timeOrigin?.get;
  if (getOrigin === undefined) return now;
  const get = (): unknown => (currentWorld() === undefined ? getOrigin.call(performance) : 0);
  return [
    ...now,
    { target: performance, key: "timeOrigin", descriptor: { get, configurable: true, enumerable: false } },
  ];
}

function processPatches(): Patch[] {
  const { hrtime } = process;
  const bigint = played(hrtime.bigint, (world) => BigInt(Math.round(world.nowMs() * 1e3)) * 1_000n);
  return [
    valuePatch(process, "hrtime", played(hrtime, highResolution, new Map([["bigint", bigint]]))),
    ...methodPatch(process, "uptime", (world) => world.nowMs() / 1e3),
  ];
}

/** Seconds and nanoseconds, since `earlier` if there is one. */
function highResolution(world: UserWorld, [earlier]: readonly unknown[]): [number, number] {
  const [seconds, nanoseconds] = Array.isArray(earlier) ? (earlier as [number, number]) : [0, 0]; // what an earlier call returned
  const nowMs = world.nowMs();
  const wholeSeconds = Math.floor(nowMs / 1e3);
  const rest = Math.round((nowMs - wholeSeconds * 1e3) * 1e6) - nanoseconds;
  return rest < 0 ? [wholeSeconds - seconds - 1, rest + 1e9] : [wholeSeconds - seconds, rest];
}
