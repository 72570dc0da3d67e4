/** A state of a simulated cluster that a run goes on from, or could. */
import type { OutsideMoment, OutsideSeams } from "../outside-world.ts";
import { Brokers } from "./brokers.ts";
import { runDriver } from "./driver.ts";
import type { KafkaState } from "./kafka-state.ts";
import type { BrokerOptions } from "./options.ts";

export class KafkaMoment implements OutsideMoment {
  readonly #options: BrokerOptions;
  readonly #state: KafkaState;
  readonly #onEnter: (moment: KafkaMoment) => void;
  #brokers: Brokers | undefined = undefined;

  constructor(options: BrokerOptions, state: KafkaState, onEnter: (moment: KafkaMoment) => void) {
    this.#options = options;
    this.#state = state;
    this.#onEnter = onEnter;
  }

  /** Undefined until it is entered. */
  get brokers(): Brokers | undefined {
    return this.#brokers;
  }

  fork(): OutsideMoment {
    return new KafkaMoment(this.#options, this.#brokers?.state() ?? this.#state, this.#onEnter);
  }

  enter(seams: OutsideSeams): void {
    this.#brokers ??= new Brokers(this.#options, runDriver(seams), this.#state);
    this.#onEnter(this);
  }
}
