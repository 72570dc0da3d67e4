/**
 * What goes wrong between simulated brokers and their clients, by dice.
 *
 * In:    rates; a source of chance; whether the run is healed. Out: at each passing of a place, whether it goes wrong there. State: how often it did.
 */
import type { KafkaDriver } from "./driver.ts";
import { requireNames, senseless } from "./errors.ts";

/**
 * `request-lost`: a request comes to nothing. `answer-lost`: it is done, and nobody hears of it. `request-late`: its connection breaks, the client sends it again, and later it is done
 * all the same. `slow`: it takes seconds. `coordinator-away`: whoever keeps transactions and groups answers nobody for a while. `leader-moves`: another broker leads the partition
 * that a request is about, perhaps after a while. `transaction-expires`: a transaction is aborted long before its timeout.
 */
export type KafkaFault =
  | "request-lost"
  | "answer-lost"
  | "request-late"
  | "slow"
  | "coordinator-away"
  | "leader-moves"
  | "transaction-expires";

/** Times per thousand passings of a place. Left out: never. */
export type KafkaFaultRates = Partial<Readonly<Record<KafkaFault, number>>>;

export const KAFKA_FAULTS: readonly KafkaFault[] = [
  "request-lost",
  "answer-lost",
  "request-late",
  "slow",
  "coordinator-away",
  "leader-moves",
  "transaction-expires",
];

export class KafkaFaults {
  readonly #rates: KafkaFaultRates;
  readonly #driver: KafkaDriver;
  #left: number;

  /** `strikesMax`: after so many nothing strikes any more. */
  constructor(rates: KafkaFaultRates, strikesMax: number, driver: KafkaDriver) {
    this.#rates = rates;
    this.#driver = driver;
    this.#left = strikesMax;
  }

  strike(fault: KafkaFault, about: string): boolean {
    const rate = this.#rates[fault] ?? 0;
    const { random } = this.#driver;
    if (rate === 0 || this.#left === 0 || this.#driver.isHealed() || random.next() * 1_000 >= rate) return false;
    this.#left -= 1;
    this.#driver.note(`kafka ${fault}`, about);
    return true;
  }
}

/** Throws `MR6471`. */
export function checkRates(rates: KafkaFaultRates): void {
  requireNames(rates, "the faults", KAFKA_FAULTS);
  for (const [name, rate] of Object.entries(rates))
    if (!(rate >= 0 && rate <= 1_000))
      throw senseless(`the rate of "${name}" is in times per thousand, 0 to 1,000, not ${rate}`);
}
