/**
 * The transactional ids of one attempt of a subtask: which are free, and since when.
 *
 * In:    the snapshots and completed checkpoints of this attempt. Out: an id for the next transaction; what a snapshot has to say. State: per id, what became of it.
 *
 * An id whose transaction may still have to be committed must not be used: whoever begins anew with it aborts that transaction. It is free again once a checkpoint has completed that does
 * not hold it as a committable any more, since no restore of that or a later one would commit it. So a subtask needs one id to write with, one per open checkpoint, and one until the next has
 * completed; more only while checkpoints fail, whose transactions go with a later one.
 */
import type { ProducerIdentity } from "../client/kafka-client.ts";
import { tooManyTransactions } from "./errors.ts";
import { idText } from "./sink-state.ts";
import type { IdOwner, KafkaSinkState } from "./sink-state.ts";

type IdState =
  | { readonly kind: "free"; readonly known: ProducerIdentity }
  | { readonly kind: "writing" }
  /** Flushed. `id` may be among the uncommitted. */
  | { readonly kind: "prepared"; readonly known: ProducerIdentity }
  /** The checkpoint did not hold it any more. */
  | { readonly kind: "settled"; readonly checkpointId: number; readonly known: ProducerIdentity };

export interface TakenId {
  readonly number: number;
  readonly transactionalId: string;
  /** The producer that had it last. Undefined: nobody has ever asked for it. */
  readonly known: ProducerIdentity | undefined;
}

/** Far more than checkpoints may be open; a job whose checkpoints fail all the time ends here, before the broker's memory does. */
const IDS_MAX = 1_000;

export class IdPool {
  readonly #owner: IdOwner;
  readonly #ids: IdState[] = [];

  constructor(owner: IdOwner) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** The first free one, or one more. Errors: `MR6445` far too many. */
  take(): TakenId {
    const found = this.#ids.findIndex(({ kind }) => kind === "free");
    const number = found === -1 ? this.#ids.length : found;
    if (number >= IDS_MAX) throw tooManyTransactions(IDS_MAX);
    const state = this.#ids[number];
    this.#ids[number] = { kind: "writing" };
    return { number, transactionalId: this.#text(number), known: state?.kind === "free" ? state.known : undefined };
  }

  prepared(number: number, known: ProducerIdentity): void {
    this.#ids[number] = { kind: "prepared", known };
  }

  snapshot(checkpointId: number, saved: Pick<KafkaSinkState, "uncommitted" | "past">): KafkaSinkState {
    for (const [number, state] of this.#ids.entries()) {
      if (state.kind !== "prepared" || saved.uncommitted.includes(this.#text(number))) continue;
      this.#ids[number] = { kind: "settled", checkpointId, known: state.known };
    }
    return { ...this.#owner, ids: this.#ids.length, ...saved };
  }

  checkpointCompleted(checkpointId: number): void {
    for (const [number, state] of this.#ids.entries()) {
      if (state.kind === "settled" && state.checkpointId <= checkpointId)
        this.#ids[number] = { kind: "free", known: state.known };
    }
  }

  #text(number: number): string {
    return idText({ ...this.#owner, number });
  }
}
