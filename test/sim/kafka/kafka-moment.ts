/** A state of a simulated cluster that a run goes on from, or could. */
import type { OutsideMoment, OutsideSeams } from "../outside-world.ts";
import { Brokers } from "./brokers.ts";
import { runDriver } from "./driver.ts";
import type { KafkaState } from "./kafka-state.ts";
import type { BrokerOptions } from "./options.ts";

/** Whose moments they are: one of them is current. */
export interface WorldOfMoments {
  entered(moment: KafkaMoment): void;
  left(): void;
}

export class KafkaMoment implements OutsideMoment {
  readonly #options: BrokerOptions;
  readonly #state: KafkaState;
  readonly #world: WorldOfMoments;
  #brokers: Brokers | undefined = undefined;

  constructor(options: BrokerOptions, state: KafkaState, world: WorldOfMoments) {
    this.#options = options;
    this.#state = state;
    this.#world = world;
  }

  /** Undefined until it is entered. */
  get brokers(): Brokers | undefined {
    return this.#brokers;
  }

  fork(): OutsideMoment {
    return new KafkaMoment(this.#options, this.#brokers?.state() ?? this.#state, this.#world);
  }

  enter(seams: OutsideSeams): void {
    this.#brokers ??= new Brokers(this.#options, runDriver(seams), this.#state);
    this.#world.entered(this);
  }

  leave(): void {
    this.#world.left();
  }
}
