/**
 * A sink of one's own, which is tested in ledger.test.ts: it books amounts on accounts.
 *
 * In:    payments. Out: balances, which change when a checkpoint is complete. State: the pages that are not booked yet, in the checkpoints.
 * A commit may be repeated after a crash, so each page has an id, and the ledger remembers which it has booked.
 */
import type { Sink } from "millrace";

export interface Payment {
  readonly account: string;
  readonly cents: number;
}

export interface Page {
  readonly id: string;
  readonly payments: readonly Payment[];
}

/** Stands for a database. */
export class Ledger {
  readonly balances: Map<string, number> = new Map<string, number>();
  readonly #booked = new Set<string>();

  book({ id, payments }: Page): void {
    if (this.#booked.has(id)) return;
    this.#booked.add(id);
    for (const { account, cents } of payments) this.balances.set(account, (this.balances.get(account) ?? 0) + cents);
  }

  clear(): void {
    this.balances.clear();
    this.#booked.clear();
  }
}

export function ledgerSink(ledger: Ledger): Sink<Payment, never, Page> {
  return {
    createWriter(ctx) {
      const open: Payment[] = [];
      const writer = crypto.randomUUID();
      return {
        write: (payment) => void open.push(payment),
        prepareCommit: (checkpointId) => [
          { id: `${writer}/${ctx.subtaskIndex}/${checkpointId}`, payments: open.splice(0) },
        ],
      };
    },
    createCommitter: () => ({
      commit(requests) {
        for (const { committable } of requests) ledger.book(committable);
      },
    }),
  };
}
