/**
 * Refuses by name what user code must not do in a simulation.
 *
 * In:  the list of refused calls. Out: patches, which throw `MR8001` in a world and are the original for everybody else.
 *
 * Node.js itself loads modules and source maps through the same functions, and so does the test runner, wherever user code makes them do so: by `import`, by
 * reading `error.stack`, by writing to the console. Hence whoever calls directly from there may.
 */
import { promisify } from "node:util";
import { MillraceError } from "../../../core/util/errors.ts";
import { currentWorld } from "./current-world.ts";
import { isCallable, valuePatch } from "./patch.ts";
import type { Callable, Patch } from "./patch.ts";
import { REFUSED } from "./refused-calls.ts";
import type { Refused } from "./refused-calls.ts";

export function refusalPatches(): Patch[] {
  return REFUSED.flatMap((refused) => {
    const target = targetOf(refused);
    if (target === undefined) return [];
    return (refused.names ?? Object.keys(target))
      .filter((name) => refused.except?.includes(name) !== true)
      .flatMap((name) => refusal(target, name, { call: `${refused.prefix}${name}`, cure: refused.cure }));
  });
}

interface Reason {
  readonly call: string;
  readonly cure: string;
}

function targetOf({ module, path = [] }: Refused): object | undefined {
  const root: unknown = module === undefined ? globalThis : process.getBuiltinModule(module);
  const target = path.reduce((value: unknown, key) => Reflect.get(Object(value) as object, key), root); // of anything
  return (typeof target === "object" && target !== null) || isCallable(target) ? target : undefined;
}

function refusal(target: object, key: string, reason: Reason): Patch[] {
  const before = Object.getOwnPropertyDescriptor(target, key);
  const getBefore = before?.get;
  if (before !== undefined && getBefore !== undefined) {
    // Made when it is first read: so is the stand-in.
    const get = (): unknown => {
      const original: unknown = getBefore.call(target);
      return currentWorld() === undefined || !isCallable(original) ? original : refusing(original, reason);
    };
    return [{ target, key, descriptor: { ...before, get } }];
  }
  const original: unknown = Reflect.get(target, key);
  return isCallable(original) ? [valuePatch(target, key, refusing(original, reason))] : [];
}

function refusing(original: Callable, reason: Reason): Callable {
  return new Proxy(proxied(original), {
    apply(_, self, args: never[]) {
      check(reason);
      return Reflect.apply(original, self, args);
    },
    construct(_, args: never[], newTarget: Callable) {
      check(reason);
      return Reflect.construct(original, args, newTarget) as object; // what a constructor returns
    },
    get(_, key) {
      const value: unknown = Reflect.get(original, key);
      return key === promisify.custom && isCallable(value) ? refusing(value, reason) : value;
    },
  });
}

/** A proxy must show what its target has for good, such as the promised form of `exec`; a bound function has no such thing. */
function proxied(original: Callable): Callable {
  const promised = Object.getOwnPropertyDescriptor(original, promisify.custom);
  return promised?.configurable === false ? original.bind(undefined) : original;
}

/** Its caller is a trap, whose caller is who wants to know. */
function check({ call, cure }: Reason): void {
  const world = currentWorld();
  if (world === undefined || isToolOf(callerFile(check))) return;
  const sentence = `${call}(…) reaches out of the simulation, where nothing can be replayed: ${cure}`;
  const error = new MillraceError("MR8001", sentence, { retryable: false });
  world.refused?.(call, error);
  throw error;
}

const TOOLS =
  /^node:internal\/(?:modules|source_map|fs|bootstrap|console)\/|\/node_modules\/(?:vite|vitest|@vitest|tsx|source-map-support)\//;

function isToolOf(file: string): boolean {
  return TOOLS.test(file.replaceAll("\\", "/"));
}

/** The file two calls above `below`. Stack traces are taken bare: with source maps, taking one reads files. */
function callerFile(below: Callable | typeof check): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 2;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, below);
    const sites = holder.stack as readonly NodeJS.CallSite[]; // as prepared above
    return sites[1]?.getFileName() ?? "";
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Error.prepareStackTrace = prepareStackTrace;
  }
}
