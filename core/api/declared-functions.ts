/**
 * What a process function says about itself before it runs: which states it declares and whether it has timers.
 *
 * The graph needs this: a stateful operator needs a stable id, and keyed state or timers on a stream without a key are refused here and not at the first
 * record. A class is instantiated once more for it, so constructors must be free of side effects; resources belong into `open`.
 */
import type { StateDeclarations } from "../state/descriptors.ts";
import { memberOf, refuse, refuseAsync } from "./refuse.ts";

/** The type of `ctx.state` of functions that declare none. */
export type NoState = Readonly<Record<never, never>>;

/** What functions on streams without a key may declare. */
export type OperatorStateDeclarations = Readonly<
  Record<string, { readonly kind: "operator-list"; readonly __handle?: unknown }>
>;

export interface FunctionDeclarations {
  readonly states: StateDeclarations;
  readonly hasTimers: boolean;
  /** State of any kind, or timers, which are state too. */
  readonly stateful: boolean;
}

/** Reads a function object or class; `required` are the methods without which it cannot run. */
export function declarationsOf(fn: unknown, caller: string, required: readonly string[]): FunctionDeclarations {
  requireMethods(fn, caller, required);
  const subject = instantiated(fn);
  const states = (memberOf(subject, "state") ?? {}) as StateDeclarations; // checked below, name by name
  for (const [name, declaration] of Object.entries(states)) {
    if (typeof memberOf(declaration, "kind") !== "string") {
      refuse(
        "MR1057",
        `state "${name}" of ${caller}() is not declared with value(), list(), map(), reducing(), aggregating(), operatorList() or unionList()`,
      );
    }
  }
  const hasTimers = typeof memberOf(subject, "onTimer") === "function";
  return { states, hasTimers, stateful: hasTimers || Object.keys(states).length > 0 };
}

export function requireMethods(fn: unknown, caller: string, required: readonly string[]): void {
  const subject = instantiated(fn);
  for (const method of [...required, "onTimer", "clear", "merge"]) refuseAsync(memberOf(subject, method), method);
  const missing = required.find((method) => typeof memberOf(subject, method) !== "function");
  if (missing === undefined) return;
  refuse("MR1056", `${caller}() takes an object or a class with ${required.join("(), ")}(); ${missing}() is missing`);
}

/** Refuses what only exists per key. */
export function refuseKeyed(declarations: FunctionDeclarations, caller: string): void {
  const keyed = Object.entries(declarations.states).find(([, declaration]) => declaration.kind !== "operator-list");
  if (keyed !== undefined) {
    refuse(
      "MR1051",
      `state "${keyed[0]}" is kept per key, but the stream has none: call keyBy(...) before ${caller}(), or declare operatorList()`,
    );
  }
  if (declarations.hasTimers) {
    refuse(
      "MR1055",
      `timers belong to a key, but the stream has none: call keyBy(...) before ${caller}(), or remove onTimer`,
    );
  }
}

/** An instance of a class to look at; objects as they are. Whoever runs the function tells classes by the same test. */
export function instantiated(fn: unknown): unknown {
  if (typeof fn !== "function") return fn;
  if (!/^class\b/.test(Function.prototype.toString.call(fn))) return undefined;
  return new (fn as new () => unknown)(); // a class
}
