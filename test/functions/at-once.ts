/**
 * An egress that shows values at once, and so shows some again after a failure: all that happened is shown at least once, and again only where a turn was rolled back.
 *
 * In:    what the sinks of a run write, of every attempt; how operations came out. Out: what is wrong with it.
 */
import type { Sink } from "../../core/index.ts";
import type { LiveChecker } from "../sim/checkers/checker.ts";
import type { SimRun } from "../sim/run.ts";
import { hasFaults } from "../sim/plan.ts";
import { arriving } from "./expectation.ts";
import { isDead } from "./messages.ts";
import type { Message } from "./messages.ts";
import type { Hint } from "./vocabulary.ts";

/** Which messages must have had their turns, given how the run ended. */
export type Happening = (run: SimRun) => Parameters<typeof arriving>[1];

export class AtOnce implements LiveChecker {
  readonly name = "at-least-once egress";
  readonly #messages: readonly Message[];
  readonly #happened: Happening;
  /** By name: the writers that have shown it, one entry per time. */
  readonly #shown = new Map<string, number[]>();
  #writers = 0;
  #unknown = 0;
  #checks = 0;

  constructor(messages: readonly Message[], happened: Happening) {
    this.#messages = messages;
    this.#happened = happened;
  }

  /** Each attempt of each subtask makes its own writer. */
  sink(): Sink<Hint> {
    return {
      createWriter: () => {
        const writer = (this.#writers += 1);
        return { write: ({ name }) => void this.#shown.set(name, [...(this.#shown.get(name) ?? []), writer]) };
      },
    };
  }

  /** The run is over, and another one starts from one of its checkpoints: earlier, by all clocks. */
  get isOver(): boolean {
    return this.#checks > 0;
  }

  heard(status: string): void {
    if (status === "unknown") this.#unknown += 1;
  }

  check(run: SimRun): string | undefined {
    this.#checks += 1;
    // Whoever starts from a checkpoint of a run shows less: what comes after it.
    const isUndisturbed =
      this.#checks === 1 && !hasFaults(run.plan) && run.plan.legs.length === 1 && run.restarts === 0;
    if (isUndisturbed && this.#unknown > 0) return "nothing was restored, and operations came out unknown";
    const known = new Set(this.#messages.map(({ name }) => name));
    for (const [name, writers] of this.#shown) {
      if (!known.has(name)) return `${name} was shown, and never sent`;
      if (new Set(writers).size < writers.length)
        return `${name} was shown twice by one attempt, which has not rolled it back`;
      if (isUndisturbed && writers.length > 1) return `${name} was shown twice, and nothing was rolled back`;
    }
    if (run.failure !== undefined || run.refusal !== undefined || run.stuck !== undefined) return undefined;
    const applied = arriving(this.#messages, this.#happened(run)).filter(
      (message) => message.way !== "open" && !isDead(message),
    );
    const missing = applied.find(({ name }) => !this.#shown.has(name));
    return missing && `${missing.name} was applied, and never shown`;
  }
}
