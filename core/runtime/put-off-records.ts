/**
 * Queues of records that operators have put off: they wait in order, on disk if they are many, and are saved with what is in flight.
 *
 * In:   what an operator pushes. Out: what it takes back; for a snapshot, all that waits. After a restore it comes through the input again from which it came, before all else.
 * A space of their own, since it is the operator who knows whether what it puts off should hold back what is new.
 */
import type { Backlog } from "../network/backlog.ts";
import type { PutOffQueues } from "../operators/operator.ts";
import type { PutOff } from "./in-flight-recording.ts";

export class PutOffRecords implements PutOffQueues {
  readonly #edge: number;
  readonly #create: () => Backlog;
  readonly #queues: Set<Backlog>;

  /** `edge`: place of the loop among the input edges. */
  constructor(edge: number, create: () => Backlog) {
    this.#edge = edge;
    this.#create = create;
    this.#queues = new Set();
  }

  open(): Backlog {
    const queue = this.#create();
    this.#queues.add(queue);
    return queue;
  }

  close(queue: Backlog): void {
    this.#queues.delete(queue);
  }

  /** Those that hold something, oldest first. */
  waiting(): readonly PutOff[] {
    return [...this.#queues].filter(({ length }) => length > 0).map((backlog) => ({ edge: this.#edge, backlog }));
  }
}
