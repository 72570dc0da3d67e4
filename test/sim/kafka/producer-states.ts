/**
 * What the leader of a partition remembers of its producers: who wrote what of late, so that nothing is written twice or out of order.
 *
 * In:    headers of batches, markers. Out: whether a batch is new, known already, or refused. State: the newest epoch of each producer id and its last batches.
 * The rules are those of Kafka's brokers: five batches are remembered; a producer of whom nothing is known may begin with any sequence; a new epoch begins with 0.
 */
import type { BatchHeader, Marker } from "./batch-bytes.ts";
import { BrokerRefusal } from "./refusal.ts";

interface Written {
  readonly first: number;
  readonly last: number;
}

interface ProducerState {
  readonly epoch: number;
  readonly written: readonly Written[];
}

const REMEMBERED = 5;
/** Sequences are 32 bits wide, and begin anew with 0. */
const SEQUENCES = 0x8000_0000;

export class ProducerStates {
  readonly #states: Map<number, ProducerState>;

  constructor(states: ReadonlyMap<number, ProducerState> = new Map()) {
    this.#states = new Map(states);
  }

  copy(): ProducerStates {
    return new ProducerStates(this.#states);
  }

  /** Throws what a broker refuses. `known`: it was written before. */
  judge(batch: BatchHeader, place: string): "new" | "known" {
    const { producerId, epoch, firstSequence, count } = batch;
    const state = this.#states.get(producerId);
    if (state === undefined) return "new";
    if (epoch < state.epoch) throw new BrokerRefusal("FENCED", `producer ${producerId}`);
    const last = (firstSequence + count - 1) % SEQUENCES;
    if (epoch > state.epoch) {
      if (firstSequence !== 0) throw outOfOrder(place, firstSequence, 0);
      return "new";
    }
    if (state.written.some((written) => written.first === firstSequence && written.last === last)) return "known";
    const newest = state.written.at(-1);
    const expected = newest === undefined ? 0 : (newest.last + 1) % SEQUENCES;
    if (firstSequence !== expected) throw outOfOrder(place, firstSequence, expected);
    return "new";
  }

  wrote({ producerId, epoch, firstSequence, count }: BatchHeader): void {
    const state = this.#states.get(producerId);
    const before = state?.epoch === epoch ? state.written : [];
    const written = [...before, { first: firstSequence, last: (firstSequence + count - 1) % SEQUENCES }];
    this.#states.set(producerId, { epoch, written: written.slice(-REMEMBERED) });
  }

  /** A marker of a later epoch fences who wrote before. */
  ended({ producerId, epoch }: Marker): void {
    const state = this.#states.get(producerId);
    if (state === undefined || epoch > state.epoch) this.#states.set(producerId, { epoch, written: [] });
  }
}

function outOfOrder(place: string, sequence: number, expected: number): BrokerRefusal {
  return new BrokerRefusal(
    "OUT_OF_ORDER_SEQUENCE",
    `${place}: a batch with the sequence ${sequence} came where ${expected} was expected, so one is missing`,
  );
}
