/**
 * `matching`: an `invoke` that is made of predicates and actions, for function objects that take messages of several kinds, as `StatefulMatchFunction` does in the original.
 *
 * In:    predicates with an action each. Out: a function that calls the action of the first predicate that takes the input.
 * State: the rules, which do not change once they are configured.
 */
import { refuse } from "../../core/api/refuse.ts";
import { isAsync, isStandardSchema } from "../../core/types/standard-schema.ts";
import type { StandardSchema } from "../../core/types/standard-schema.ts";
import { described, MillraceError } from "../../core/util/errors.ts";
import type { Context, StatefulFunction } from "./stateful-function.ts";

type Action<T> = (context: Context, input: T) => void | Promise<void>;

/** Says which inputs an action is for: a schema, which may change what it takes, or a guard. */
export type Predicate<T> = StandardSchema<unknown, T> | ((input: unknown) => input is T);

/** Takes the rules of {@link matching}; the first that fits counts. */
export interface MatchBinder {
  predicate<T>(predicate: Predicate<T>, action: Action<T>): MatchBinder;
  /** Of those that fit, only inputs for which `condition` holds. */
  predicate<T>(predicate: Predicate<T>, condition: (input: T) => boolean, action: Action<T>): MatchBinder;
  /** For inputs that no rule takes; at most once. */
  otherwise(action: Action<unknown>): MatchBinder;
}

interface Rule {
  readonly match: (input: unknown) => Match | undefined;
  readonly action: Action<unknown>;
}

interface Match {
  readonly input: unknown;
}

/**
 * The `invoke` of a function object, written as a list of predicates with an action each.
 *
 * Shape:  a function `(context, input)`, for the field `invoke`; what the action returns is what it returns.
 * Cost:   predicates are asked one after the other, for each message.
 * Errors: `MR9019` a rule is none, `otherwise` comes twice, or nothing takes an input, which the function's `onError` decides about.
 * Source: `StatefulMatchFunction` and `MatchBinder` of Flink's Stateful Functions, with schemas and guards in place of classes, and rules in the order in which they were bound.
 *
 * @example
 * const isAmount = (input: unknown): input is number => typeof input === "number";
 * class Account implements StatefulFunction {
 *   readonly balance = PersistedValue.of<number>("balance");
 *   readonly invoke = matching((binder) => {
 *     binder
 *       .predicate(isAmount, (amount) => amount < 0, (ctx) => ctx.reply("not a deposit"))
 *       .predicate(isAmount, (_ctx, amount) => this.balance.set((this.balance.get() ?? 0) + amount))
 *       .otherwise((ctx) => ctx.reply("what is that?"));
 *   });
 * }
 * console.log(typeof new Account().invoke);
 */
export function matching(configure: (binder: MatchBinder) => void): StatefulFunction["invoke"] {
  const rules = new Rules();
  configure(rules);
  return (context, input) => rules.take(context, input);
}

class Rules implements MatchBinder {
  readonly #rules: Rule[] = [];
  #otherwise: Action<unknown> | undefined = undefined;

  predicate<T>(
    predicate: Predicate<T>,
    conditionOrAction: ((input: T) => boolean) | Action<T>,
    actionOfCondition?: Action<T>,
  ): this {
    const action = actionOfCondition ?? conditionOrAction;
    const condition = actionOfCondition === undefined ? undefined : conditionOrAction;
    const takes = matchOf(predicate);
    if (takes === undefined || typeof action !== "function" || typeof conditionOrAction !== "function")
      refuse(
        "MR9019",
        "predicate() takes a schema or a guard, a condition if there is one, and an action (ctx, input)",
      );
    this.#rules.push({
      match: condition === undefined ? takes : meeting(takes, condition as (input: never) => boolean), // it has one argument
      action: action as Action<unknown>, // gets what the predicate takes
    });
    return this;
  }

  otherwise(action: Action<unknown>): this {
    if (typeof action !== "function") refuse("MR9019", "otherwise() takes an action (ctx, input)");
    if (this.#otherwise !== undefined)
      refuse("MR9019", "otherwise() is bound twice: what no predicate takes has one action");
    this.#otherwise = action;
    return this;
  }

  /** Hot. */
  take(context: Context, input: unknown): void | Promise<void> {
    for (const { match, action } of this.#rules) {
      const matched = match(input);
      if (matched !== undefined) return action(context, matched.input);
    }
    if (this.#otherwise !== undefined) return this.#otherwise(context, input);
    const sentence = `${context.self().type} has no action for ${described(input)}: add a predicate that takes it, or otherwise()`;
    throw new MillraceError("MR9019", sentence, { retryable: false });
  }
}

function matchOf(predicate: Predicate<unknown>): Rule["match"] | undefined {
  if (isStandardSchema(predicate)) {
    return (input) => {
      const result = predicate["~standard"].validate(input);
      if (isAsync(result))
        return refuse("MR9019", "a schema of predicate() checks asynchronously: take the asynchronous parts out of it");
      return result.issues === undefined ? { input: result.value } : undefined;
    };
  }
  if (typeof predicate !== "function") return undefined;
  return (input) => (predicate(input) ? { input } : undefined);
}

function meeting(takes: Rule["match"], condition: (input: never) => boolean): Rule["match"] {
  return (input) => {
    const match = takes(input);
    return match !== undefined && condition(match.input as never) ? match : undefined; // the predicate has just taken it
  };
}
