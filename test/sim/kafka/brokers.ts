/**
 * The brokers of a simulated cluster: leaders of partitions and coordinators, over one state.
 *
 * In:    a state, and how time passes. Out: both, for requests and for tests. State: theirs; it can be copied at any time.
 */
import type { ProduceBatch, TransactionalProducer } from "../../../connectors/kafka/client/kafka-client.ts";
import { Coordinators } from "./coordinators.ts";
import type { KafkaDriver } from "./driver.ts";
import { KafkaFaults } from "./kafka-faults.ts";
import { copyState } from "./kafka-state.ts";
import type { KafkaState } from "./kafka-state.ts";
import { Leaders } from "./leaders.ts";
import type { BrokerOptions } from "./options.ts";
import { BrokerRefusal } from "./refusal.ts";
import { placeOf } from "./transactions.ts";

export class Brokers {
  readonly driver: KafkaDriver;
  readonly faults: KafkaFaults;
  readonly options: BrokerOptions;
  readonly leaders: Leaders;
  readonly coordinators: Coordinators;
  readonly #topics: KafkaState["topics"];

  constructor(options: BrokerOptions, driver: KafkaDriver, state: KafkaState) {
    const copy = copyState(state);
    this.options = options;
    this.driver = driver;
    this.faults = new KafkaFaults(options.faults, options.strikesMax, driver);
    this.#topics = copy.topics;
    this.leaders = new Leaders({ driver, faults: this.faults, options }, copy.topics);
    this.coordinators = new Coordinators(this.leaders, copy);
  }

  /** As it is now. What is on its way to it and back is not part of it. */
  state(): KafkaState {
    return copyState({ topics: this.#topics, ...this.coordinators.state() });
  }

  /** The leader asks the coordinator whether the batch may be part of a transaction. */
  produce(batch: ProduceBatch, transaction: TransactionalProducer | undefined): void {
    this.leaders.produce(batch, () => {
      if (transaction !== undefined) return this.coordinators.verify(transaction, batch);
      throw new BrokerRefusal(
        "REFUSED",
        `${placeOf(batch)}: a batch is part of a transaction, but the request names none`,
      );
    });
  }
}
