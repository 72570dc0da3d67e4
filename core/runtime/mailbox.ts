/**
 * The only door into a task: everything that touches its operators from outside (triggers, timers, completions, events) comes as a mail and
 * runs between two records, in order. So operators need no locks.
 *
 * Bound: `MAILS_MAX`; whoever floods a task fails it, since dropping a mail would lose a completion.
 */
import { Deque } from "../util/deque.ts";
import { MillraceError } from "../util/errors.ts";

const MAILS_MAX = 100_000;

export class Mailbox {
  readonly #mails: Deque<() => void>;
  readonly #onMail: () => void;

  constructor(onMail: () => void) {
    this.#mails = new Deque();
    this.#onMail = onMail;
  }

  get empty(): boolean {
    return this.#mails.length === 0;
  }

  put(mail: () => void): void {
    if (this.#mails.length >= MAILS_MAX) {
      throw new MillraceError(
        "MR3004",
        `more than ${MAILS_MAX} callbacks wait in one task: something schedules them faster than they run`,
      );
    }
    this.#mails.push(mail);
    this.#onMail();
  }

  /** Runs the mails that wait now; those that they put wait for the next call, so that mails cannot starve input. */
  run(): void {
    for (let count = this.#mails.length; count > 0; count -= 1) this.#mails.shift()?.();
  }
}
