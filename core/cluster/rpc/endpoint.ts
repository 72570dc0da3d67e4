/**
 * An endpoint of the cluster: one mailbox, so that everything it does happens in one order and needs no locks.
 *
 * In:   messages, as calls. Out: their effects, each in its own turn; an endpoint never runs inside the caller's stack.
 * An exception in a message is a bug of the endpoint or a failure that it did not foresee; `onError` decides, the mailbox goes on.
 */
import { Deque } from "../../util/deque.ts";
import type { Clock } from "../../time/clock.ts";

export class Endpoint {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #messages: Deque<() => void>;
  #scheduled: boolean;

  constructor(options: { readonly clock: Clock; readonly onError: (error: unknown) => void }) {
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#messages = new Deque();
    this.#scheduled = false;
  }

  post(message: () => void): void {
    this.#messages.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.yield(() => this.#run());
  }

  /** The messages that wait now; what they post has its turn later. */
  #run(): void {
    this.#scheduled = false;
    for (let count = this.#messages.length; count > 0; count -= 1) {
      try {
        this.#messages.shift()?.();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#messages.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#clock.yield(() => this.#run());
    }
  }
}
