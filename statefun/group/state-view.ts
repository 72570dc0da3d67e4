/**
 * `ctx.state`: a property per declared state, and an error for every other one.
 *
 * The properties are accessors of a prototype that is made once per function; behind it stands a Proxy, which the engine only reaches when a property is not declared. So declared ones
 * cost a call, and misspelt ones throw `MR9021`, both when read and when assigned.
 */
import { MillraceError } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import type { TypeName } from "../address.ts";
import type { StateCell } from "./state-cell.ts";

/** Makes the views of one function's turns. The cells are in the order of the properties. */
export type MakeView = (cells: readonly StateCell[]) => Record<string, unknown>;

class StateView {
  readonly #cells: readonly StateCell[];

  constructor(cells: readonly StateCell[]) {
    this.#cells = cells;
  }

  static read(view: StateView, index: number): unknown {
    return view.#cells[index]?.get();
  }

  static write(view: StateView, index: number, value: unknown): void {
    view.#cells[index]?.set(value);
  }
}

export function stateViews(type: TypeName, properties: readonly string[]): MakeView {
  const prototype = Object.create(undeclared(type, properties)) as object; // created with that prototype, so an object
  for (const [index, property] of properties.entries()) {
    Object.defineProperty(prototype, property, {
      enumerable: true,
      get(this: StateView) {
        return StateView.read(this, index);
      },
      set(this: StateView, value: unknown) {
        StateView.write(this, index, value);
      },
    });
  }
  /** Lends its prototype to the views. */
  const View = function View(): void {
    // never called as such
  };
  View.prototype = Object.freeze(prototype);
  return (cells) => Reflect.construct(StateView, [cells], View) as Record<string, unknown>; // the accessors make it one
}

function undeclared(type: TypeName, properties: readonly string[]): object {
  const refuse = (property: string): never => {
    const suggestion = nearest(property, [...properties]);
    const hint = suggestion === undefined ? "declare it under `state`" : `did you mean "${suggestion}"?`;
    throw new MillraceError("MR9021", `${type} has no state "${property}": ${hint}`, { retryable: false });
  };
  return new Proxy(
    {},
    {
      // What the language and tools for debugging ask of any object is none of a user's spelling mistakes.
      get: (_target, property) =>
        typeof property === "symbol" || ASKED_OF_ANYTHING.has(property) ? undefined : refuse(property),
      set: (_target, property) => refuse(String(property)),
      has: () => false,
      getPrototypeOf: () => null,
    },
  );
}

const ASKED_OF_ANYTHING: ReadonlySet<string> = new Set([
  "then",
  "toJSON",
  "constructor",
  "inspect",
  "asymmetricMatch",
  "nodeType",
  "toString",
  "valueOf",
  "$$typeof",
]);
