/**
 * `matching`: an `invoke` that is made of predicates and actions, for function objects that take messages of several kinds, as `StatefulMatchFunction` does in the original.
 *
 * In:    predicates with an action each. Out: a function that calls the action of the first predicate that takes the input.
 * State: the rules, which do not change once they are configured.
 */
import { refuse, refuseAsync } from "../../core/api/refuse.ts";
import { isAsync, isStandardSchema } from "../../core/types/standard-schema.ts";
import type { StandardSchema } from "../../core/types/standard-schema.ts";
import { described, MillraceError } from "../../core/util/errors.ts";
import { AsyncOperationResult } from "./async-operation-result.ts";
import { isClass } from "./is-class.ts";
import type { Context, StatefulFunction } from "./stateful-function.ts";

/** What is done with an input. Its promise is waited for; anything else that it returns counts for nothing. */
export type MatchAction<T> = (context: Context, input: T) => unknown;

/** Says which inputs an action is for: a schema, which may change what it takes, or a guard. The class `AsyncOperationResult` takes outcomes. */
export type Predicate<T> = StandardSchema<unknown, T> | ((input: unknown) => input is T);

/** Takes the rules of {@link matching}, as long as that runs; the first that fits counts. */
export interface MatchBinder {
  predicate<T>(predicate: Predicate<T>, action: MatchAction<T>): MatchBinder;
  predicate(predicate: typeof AsyncOperationResult, action: MatchAction<AsyncOperationResult>): MatchBinder;
  /** Of those that fit, only inputs for which `condition` holds. */
  predicate<T>(predicate: Predicate<T>, condition: (input: T) => boolean, action: MatchAction<T>): MatchBinder;
  predicate(
    predicate: typeof AsyncOperationResult,
    condition: (input: AsyncOperationResult) => boolean,
    action: MatchAction<AsyncOperationResult>,
  ): MatchBinder;
  /** For inputs that no rule takes; at most once. */
  otherwise(action: MatchAction<unknown>): MatchBinder;
}

interface Rule {
  readonly match: (input: unknown) => Match | undefined;
  readonly action: MatchAction<unknown>;
}

interface Match {
  readonly input: unknown;
}

/**
 * The `invoke` of a function object, written as a list of predicates with an action each.
 *
 * Shape:  a function `(context, input)`, for the field `invoke`; what the action returns is what it returns.
 * Cost:   predicates are asked one after the other, for each message. They see the input alone; what depends on the context, such as `context.kind()`, is for the action.
 * Errors: `MR9019` a rule is none, comes too late, or could never have its turn, `otherwise` comes twice, or a guard or a condition answers with a promise, or nothing takes an input, which the function's `onError` decides
 *         about; `MR1068` `configure`, a guard or a condition is async.
 * Source: `StatefulMatchFunction` and `MatchBinder` of Flink's Stateful Functions, with schemas and guards in place of classes, and rules in the order in which they were bound: there, rules with a condition
 *         come first.
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
  if (typeof configure !== "function") refuse("MR9019", "matching() takes a function that binds rules: (binder) => …");
  refuseAsync(configure, "matching");
  const rules = new Rules();
  configure(rules);
  rules.close();
  return (context, input) => rules.take(context, input);
}

type Rest = readonly [action: unknown] | readonly [condition: unknown, action: unknown];

class Rules implements MatchBinder {
  readonly #rules: Rule[] = [];
  /** Those that let nothing of what they take pass. */
  readonly #final = new Set<unknown>();
  #otherwise: MatchAction<unknown> | undefined = undefined;
  #isClosed = false;

  /** Rules do not change once there are messages. */
  close(): void {
    this.#isClosed = true;
  }

  predicate(predicate: unknown, ...rest: Rest): this {
    this.#refuseLate();
    const [condition, action] = rest.length > 1 ? rest : [undefined, rest[0]];
    const takes = matchOf(predicate);
    if (takes === undefined || !isFunction(action) || (rest.length > 1 && !isFunction(condition)))
      refuse(
        "MR9019",
        "predicate() takes a schema or a guard, a condition if there is one, and an action (ctx, input)",
      );
    refuseAsync(predicate, "a guard of predicate");
    refuseAsync(condition, "the condition of predicate");
    if (this.#final.has(predicate))
      refuse(
        "MR9019",
        "a rule can never have its turn, since one before it has the same predicate and no condition: bind those with a condition first",
      );
    if (condition === undefined) this.#final.add(predicate);
    this.#rules.push({ match: isFunction(condition) ? meeting(takes, condition) : takes, action });
    return this;
  }

  otherwise(action: MatchAction<unknown>): this {
    this.#refuseLate();
    if (typeof action !== "function") refuse("MR9019", "otherwise() takes an action (ctx, input)");
    if (this.#otherwise !== undefined)
      refuse("MR9019", "otherwise() is bound twice: what no predicate takes has one action");
    this.#otherwise = action;
    return this;
  }

  #refuseLate(): void {
    if (this.#isClosed) refuse("MR9019", "rules are bound while matching() runs, and this one comes later");
  }

  /** Hot. */
  take(context: Context, input: unknown): void | Promise<void> {
    for (const { match, action } of this.#rules) {
      const matched = match(input);
      if (matched !== undefined) return action(context, matched.input) as void | Promise<void>; // nobody looks at anything else
    }
    if (this.#otherwise !== undefined) return this.#otherwise(context, input) as void | Promise<void>; // likewise
    const sentence = `${context.self().type} has no action for ${described(input)}: add a predicate that takes it, or otherwise()`;
    throw new MillraceError("MR9019", sentence, { retryable: false });
  }
}

type Callable = (...inputs: readonly unknown[]) => unknown;

function isFunction(given: unknown): given is Callable {
  return typeof given === "function";
}

function matchOf(predicate: unknown): Rule["match"] | undefined {
  if (isStandardSchema(predicate)) {
    return (input) => {
      const result = predicate["~standard"].validate(input);
      if (isAsync(result))
        return refuse("MR9019", "a schema of predicate() checks asynchronously: take the asynchronous parts out of it");
      return result.issues === undefined ? { input: result.value } : undefined;
    };
  }
  if (predicate === AsyncOperationResult)
    return (input) => (input instanceof AsyncOperationResult ? { input } : undefined);
  if (!isFunction(predicate)) return undefined;
  if (isClass(predicate))
    refuse(
      "MR9019",
      `${described(predicate)} is a class, and messages are plain data and of no class: give predicate() a schema, or a guard (input): input is T`,
    );
  return (input) => (holds(predicate(input)) ? { input } : undefined);
}

function meeting(takes: Rule["match"], condition: Callable): Rule["match"] {
  return (input) => {
    const match = takes(input);
    return match !== undefined && holds(condition(match.input)) ? match : undefined;
  };
}

/** Hot. A promise is no answer yet, and would count as a yes. */
function holds(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return Boolean(answer);
  if (isAsync(answer as Promise<unknown>)) refuse("MR9019", PROMISED); // if it is one: that is the question
  return true;
}

const PROMISED =
  "a guard or a condition of predicate() answers with a promise: let it say at once whether the rule fits, and await in the action";
