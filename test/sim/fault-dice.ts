/** Decides by dice where faults strike, at rates that the plan gives, until the run is healed. */
import { SeededRandom } from "../../core/util/random.ts";
import type { ElectionFaults } from "./election.ts";
import type { JobFaults } from "./fault-sites.ts";
import type { History } from "./history.ts";
import type { FaultRates, FaultSite } from "./plan.ts";
import type { StorageFaults } from "./disk.ts";

/** Beyond that nothing strikes any more: with every record failing, no job could make progress until the run is healed. */
const STRIKES_MAX = 40;

export class FaultDice implements JobFaults, StorageFaults, ElectionFaults {
  /** How often each has struck. */
  readonly struck: Map<FaultSite, number> = new Map<FaultSite, number>();
  readonly #rates: FaultRates;
  readonly #random: SeededRandom;
  readonly #history: History;
  #left = STRIKES_MAX;
  #isHealed = false;

  constructor(rates: FaultRates, seed: number, history: History) {
    this.#rates = rates;
    this.#random = new SeededRandom(seed);
    this.#history = history;
  }

  strike(site: FaultSite): boolean {
    const rate = this.#rates[site] ?? 0;
    if (rate === 0 || this.#isHealed || this.#left === 0 || this.#random.next() * 1_000 >= rate) return false;
    this.#left -= 1;
    this.struck.set(site, (this.struck.get(site) ?? 0) + 1);
    this.#history.note({ kind: "fault", fault: site, about: "" });
    return true;
  }

  get isHealed(): boolean {
    return this.#isHealed;
  }

  heal(): void {
    this.#isHealed = true;
  }
}
