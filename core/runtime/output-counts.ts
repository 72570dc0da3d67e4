/**
 * Counters on every output of every operator of a task, for `metrics.operator-records`.
 *
 * In:    the outputs of an operator while its chain is built. Out: the same, counting; and the counters, by operator and output.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import type { Counter } from "../metrics/registry.ts";
import type { Output } from "../operators/operator.ts";
import type { ModuleCopies } from "./copies.ts";
import type { createCountingOutput } from "./counting-output.ts";

/** Makes the output of that tag (undefined: the main one) count. */
export type CountOutput = (output: Output<unknown>, tag: string | undefined) => Output<unknown>;

interface CountingModule {
  readonly createCountingOutput: typeof createCountingOutput;
}

export class OutputCounts {
  readonly #copies: ModuleCopies;
  readonly #vertex: number;
  readonly #counters: Map<string, Counter>;

  constructor(copies: ModuleCopies, vertex: number) {
    this.#copies = copies;
    this.#vertex = vertex;
    this.#counters = new Map();
  }

  /** Loads a copy of the hop for each output of one operator, by its index in the chain. */
  async forOperator(index: number, { outputs }: JobOperator): Promise<CountOutput> {
    const modules = new Map<string | undefined, CountingModule>();
    for (const tag of tagsOf(outputs)) modules.set(tag, await this.#load(`${this.#vertex}/${index}/${modules.size}`));
    return (output, tag) => {
      const counter: Counter = { count: 0 };
      this.#counters.set(keyOf(index, tag), counter);
      return modules.get(tag)?.createCountingOutput(output, counter) ?? output;
    };
  }

  of(index: number, tag: string | undefined): Counter | undefined {
    return this.#counters.get(keyOf(index, tag));
  }

  #load(position: string): Promise<CountingModule> {
    return new Promise(
      (resolve) =>
        this.#copies.load("runtime/counting-output", position, (module) => resolve(module as CountingModule)), // the name decides the type
    );
  }
}

/** The outputs of an operator that somebody reads. */
export function tagsOf(outputs: JobOperator["outputs"]): readonly (string | undefined)[] {
  return [...new Set(outputs.map(({ sideOutput }) => sideOutput))];
}

function keyOf(index: number, tag: string | undefined): string {
  return JSON.stringify([index, tag]);
}
