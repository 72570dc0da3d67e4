/**
 * The bridge from function objects to definitions: what a provider makes, run as if `fn` had defined it.
 *
 * One object runs one turn at a time. Its persisted fields and its context reach the turn through the object's own slot, so that an `async` invoke keeps
 * its object until it settles, and turns of other addresses meanwhile take another one.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { Duration } from "../../core/util/duration.ts";
import type { Address } from "../address.ts";
import { ANY_KIND } from "../envelope.ts";
import { AsyncOperationResult } from "./async-operation-result.ts";
import { policyOf } from "./error-policies.ts";
import type { OnError } from "./error-policies.ts";
import type { AsyncResult, EgressTarget, FunctionContext } from "./function-context.ts";
import type { FunctionDefinition, Handler, StateDefinition } from "./function-definition.ts";
import { FunctionType } from "./function-type.ts";
import { isClass } from "./is-class.ts";
import { attachFields, declaredFields } from "./persisted-fields.ts";
import type { TurnSlot } from "./persisted-fields.ts";
import type { Context, StatefulFunction, StatefulFunctionProvider } from "./stateful-function.ts";

/** The kind under which outcomes of async operations come back to a function object. */
const OUTCOME_KIND = "$outcome";

export interface ProvidedOptions {
  /** What becomes of a message whose turn throws, once it is rolled back. Default: `"quarantine"`. */
  readonly onError?: OnError;
}

/** Asks the provider for one object, to see which states it declares. Errors: `MR9015` states, `MR9017` no function object, `MR9014` no policy. */
export function providedFunction(
  type: FunctionType,
  provider: StatefulFunctionProvider,
  { onError }: ProvidedOptions = {},
): FunctionDefinition {
  const make = makerOf(type, provider);
  const state = declaredFields(type.typeName, make());
  return {
    type: type.typeName,
    accepts: undefined,
    state,
    onError: policyOf(onError),
    createHandler: () => handlerOf(() => new RunningFunction(type, make(), state)),
  };
}

function makerOf(type: FunctionType, provider: StatefulFunctionProvider): () => StatefulFunction {
  return () => {
    const made = madeBy(type, provider);
    if (typeof memberOf(made, "invoke") === "function") return made;
    return refuse(
      "MR9017",
      `the provider of ${type.typeName} returned no function object: it needs invoke(context, input)`,
    );
  };
}

function madeBy(type: FunctionType, provider: StatefulFunctionProvider): StatefulFunction {
  if (typeof provider !== "function") {
    if (typeof memberOf(provider, "functionOfType") === "function") return provider.functionOfType(type);
    return refuse(
      "MR9017",
      `the provider of ${type.typeName} is a function, a class, or an object with functionOfType(type)`,
    );
  }
  return isClass<StatefulFunction>(provider) ? new provider() : provider(type);
}

function handlerOf(make: () => RunningFunction): Handler {
  const spare: RunningFunction[] = [];
  let next = make();
  return (turn, kind, value) => {
    const running = next;
    const finished = running.run(turn, kind, value);
    if (finished === undefined) return undefined;
    next = spare.pop() ?? make();
    return finished.finally(() => {
      spare.push(running);
    });
  };
}

/** A function object with its slot. */
class RunningFunction {
  readonly #fn: StatefulFunction;
  readonly #slot: TurnSlot = { state: undefined };
  readonly #context: ContextOfTurns;

  constructor(type: FunctionType, fn: StatefulFunction, declared: readonly StateDefinition[]) {
    this.#fn = fn;
    this.#context = new ContextOfTurns();
    attachFields(type.typeName, fn, this.#slot, declared);
  }

  /** Undefined: the turn is over. */
  run(turn: FunctionContext, kind: string, value: unknown): Promise<void> | undefined {
    this.#slot.state = turn.state;
    this.#context.enter(turn, kind);
    let finished: void | Promise<void>;
    try {
      const input = kind === OUTCOME_KIND ? new AsyncOperationResult(value as AsyncResult<unknown, unknown>) : value; // the runtime makes those
      finished = this.#fn.invoke(this.#context, input);
    } catch (error) {
      this.#leave();
      throw error;
    }
    if (typeof memberOf(finished, "then") === "function")
      return Promise.resolve(finished).finally(() => {
        this.#leave();
      });
    this.#leave();
    return undefined;
  }

  #leave(): void {
    this.#slot.state = undefined;
    this.#context.leave();
  }
}

/** The context of a function object: one for all its turns. */
class ContextOfTurns implements Context {
  #turn: FunctionContext | undefined = undefined;
  #kind = ANY_KIND;

  enter(turn: FunctionContext, kind: string): void {
    this.#turn = turn;
    this.#kind = kind;
  }

  leave(): void {
    this.#turn = undefined;
  }

  self(): Address {
    return this.#current().self;
  }

  caller(): Address | undefined {
    return this.#current().caller;
  }

  kind(): string {
    return this.#kind === OUTCOME_KIND ? ANY_KIND : this.#kind;
  }

  send(to: Address | EgressTarget | FunctionType, idOrMessage: unknown, ...rest: readonly unknown[]): void {
    if (to instanceof FunctionType) this.#current().send({ type: to.typeName, id: idOf(to, idOrMessage) }, rest[0]);
    else this.#current().send(to, idOrMessage);
  }

  sendAfter(delay: Duration, to: Address | FunctionType, idOrMessage: unknown, messageOrToken?: unknown): void {
    if (to instanceof FunctionType) {
      const address = { type: to.typeName, id: idOf(to, idOrMessage) };
      this.#current().sendAfter(delay, address, ANY_KIND, messageOrToken);
      return;
    }
    const options = typeof messageOrToken === "string" ? { token: messageOrToken } : undefined;
    this.#current().sendAfter(delay, to, ANY_KIND, idOrMessage, options);
  }

  cancelDelayedMessage(token: string): boolean {
    return this.#current().cancel(token);
  }

  reply(message: unknown): void {
    this.#current().reply(message);
  }

  registerAsyncOperation(metadata: unknown, run: () => Promise<unknown>): void {
    this.#current().async(OUTCOME_KIND, metadata, run);
  }

  metrics(): MetricGroup {
    return this.#current().metrics;
  }

  #current(): FunctionContext {
    if (this.#turn !== undefined) return this.#turn;
    return refuse(
      "MR9016",
      "a context was used outside of its turn: use it in invoke(context, input), and in what invoke awaits",
    );
  }
}

function idOf(type: FunctionType, id: unknown): string {
  if (typeof id === "string") return id;
  return refuse("MR9017", `a message to ${type.typeName} needs an id, which is text: send(type, id, message)`);
}
