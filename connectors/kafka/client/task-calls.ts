/**
 * Answers of the cluster, brought into the task: each becomes a mail that runs between two records, and none comes after the end.
 *
 * In:    outcomes. Out: the value to whoever asked; an error fails the task, unless somebody knows better. State: whether it is over.
 */
import type { SinkContext } from "../../../core/operators/contracts/sink.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { Done } from "../../../core/util/outcome.ts";

/** Of a sink or of a source reader. */
type TaskContext = Pick<SinkContext, "execute" | "fail">;

export class TaskCalls {
  readonly #ctx: TaskContext;
  #closed = false;

  constructor(ctx: TaskContext) {
    this.#ctx = ctx;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  answer<T>(
    then: (value: T) => void,
    otherwise: (error: MillraceError) => void = (error) => this.#ctx.fail(error),
  ): Done<T> {
    return (outcome) =>
      this.#ctx.execute(() => {
        if (this.#closed) return;
        if (outcome.ok) then(outcome.value);
        else otherwise(outcome.error);
      });
  }

  /** The same for what a promise brings. */
  await<T>(promise: Promise<T>, then: (value: T) => void): void {
    promise.then(
      (value) => this.#ctx.execute(() => this.#closed || then(value)),
      (error: unknown) => this.#ctx.execute(() => this.#closed || this.#ctx.fail(error)),
    );
  }

  close(): void {
    this.#closed = true;
  }
}
