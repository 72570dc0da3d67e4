/**
 * The transactional ids of one subtask: which are free, and since when.
 *
 * In:    what was restored; the snapshots and completed checkpoints of this attempt. Out: an id for the next transaction; what a snapshot has to say. State: per id, what became of it.
 *
 * An id whose transaction may still have to be committed must not be used: whoever begins anew with it aborts that transaction. It is free again once a checkpoint has completed that does
 * not hold it as a committable any more, since no restore of that or a later one would commit it. So a subtask needs one id to write with, one per open checkpoint, and one until the next has
 * completed; more only while checkpoints fail, whose transactions go with a later one.
 */
import type { ProducerIdentity } from "../client/kafka-client.ts";
import { tooManyTransactions } from "./errors.ts";
import { idText } from "./sink-state.ts";
import type { KafkaSinkState } from "./sink-state.ts";

type IdState =
  /** `isNew`: nothing was written yet by the producer that has it. */
  | { readonly kind: "free"; readonly known: ProducerIdentity | undefined; readonly isNew: boolean }
  | { readonly kind: "writing" }
  /** Flushed. `id` may be among the uncommitted. */
  | { readonly kind: "prepared"; readonly known: ProducerIdentity }
  /** Restored. Some subtask commits it before any checkpoint of this attempt completes; then it is taken over. */
  | { readonly kind: "restored" }
  /** The checkpoint did not hold it any more. */
  | { readonly kind: "settled"; readonly checkpointId: number; readonly known: ProducerIdentity };

export interface TakenId {
  readonly number: number;
  readonly transactionalId: string;
  /** The producer that has it, if that is one of ours. */
  readonly known: ProducerIdentity | undefined;
  /** That producer has written nothing yet. */
  readonly isNew: boolean;
}

const NEVER_USED: IdState = { kind: "free", known: undefined, isNew: false };
/** Far more than checkpoints may be open; a job whose checkpoints fail all the time ends here, before the broker's memory does. */
const IDS_MAX = 1_000;

export class IdPool {
  readonly #prefix: string;
  readonly #subtask: number;
  readonly #ids: IdState[] = [];

  constructor(place: { readonly prefix: string; readonly subtask: number }, restored: readonly KafkaSinkState[]) {
    this.#prefix = place.prefix;
    this.#subtask = place.subtask;
    const uncommitted = new Set(restored.flatMap((state) => state.uncommitted));
    const own = restored.filter(({ prefix, subtask }) => prefix === place.prefix && subtask === place.subtask);
    const count = Math.max(0, ...own.map(({ ids }) => ids));
    for (let number = 0; number < count; number++)
      this.#ids.push(uncommitted.has(this.#text(number)) ? { kind: "restored" } : NEVER_USED);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Somebody may have left this one open, and nobody has any more: it belongs to the producer that is given. */
  takenOver(number: number, known: ProducerIdentity): void {
    while (this.#ids.length <= number) this.#ids.push(NEVER_USED);
    const kind = this.#ids[number]?.kind;
    if (kind === "free" || kind === "restored") this.#ids[number] = { kind: "free", known, isNew: true };
  }

  /** The first free one, or one more. Errors: `MR6445` far too many. */
  take(): TakenId {
    const found = this.#ids.findIndex(({ kind }) => kind === "free");
    const number = found === -1 ? this.#ids.length : found;
    if (number >= IDS_MAX) throw tooManyTransactions(IDS_MAX);
    const state = this.#ids[number] ?? NEVER_USED;
    this.#ids[number] = { kind: "writing" };
    const { known, isNew = false } = state.kind === "free" ? state : {};
    return { number, transactionalId: this.#text(number), known, isNew };
  }

  prepared(number: number, known: ProducerIdentity): void {
    this.#ids[number] = { kind: "prepared", known };
  }

  snapshot(checkpointId: number, uncommitted: readonly string[]): KafkaSinkState {
    for (const [number, state] of this.#ids.entries()) {
      if (state.kind !== "prepared" || uncommitted.includes(this.#text(number))) continue;
      this.#ids[number] = { kind: "settled", checkpointId, known: state.known };
    }
    return { prefix: this.#prefix, subtask: this.#subtask, ids: this.#ids.length, uncommitted };
  }

  checkpointCompleted(checkpointId: number): void {
    for (const [number, state] of this.#ids.entries()) {
      if (state.kind === "settled" && state.checkpointId <= checkpointId)
        this.#ids[number] = { kind: "free", known: state.known, isNew: false };
    }
  }

  #text(number: number): string {
    return idText({ prefix: this.#prefix, subtask: this.#subtask, number });
  }
}
