/** How an operation that `registerAsyncOperation` began came out, as it arrives at `invoke`. */
import type { AsyncResult } from "./function-context.ts";

/**
 * The outcome of an asynchronous operation.
 *
 * State:  the metadata is saved with the turn that began the operation; after a restart what was under way arrives as `unknown`.
 * Source: `AsyncOperationResult` of Flink's Stateful Functions.
 *
 * @example
 * const outcome = new AsyncOperationResult({ status: "success", metadata: "ann", value: 42 });
 * if (outcome.successful()) console.log(outcome.metadata(), outcome.value());
 */
export class AsyncOperationResult<M = unknown, T = unknown> {
  readonly #result: AsyncResult<M, T>;

  /** Made by the runtime; in tests, by hand. */
  constructor(result: AsyncResult<M, T>) {
    this.#result = result;
  }

  /** What was registered with the operation. */
  metadata(): M {
    return this.#result.metadata;
  }

  /** How it came out. */
  status(): AsyncResult<M, T>["status"] {
    return this.#result.status;
  }

  /** Whether it succeeded. */
  successful(): boolean {
    return this.#result.status === "success";
  }

  /** Whether it failed. */
  failure(): boolean {
    return this.#result.status === "failure";
  }

  /** Whether nobody knows: the job was restored while it ran. */
  unknown(): boolean {
    return this.#result.status === "unknown";
  }

  /** What it returned; undefined unless it succeeded. */
  value(): T | undefined {
    return this.#result.status === "success" ? this.#result.value : undefined;
  }

  /** What it threw; undefined unless it failed. */
  throwable(): { readonly name: string; readonly message: string } | undefined {
    return this.#result.status === "failure" ? this.#result.error : undefined;
  }
}
