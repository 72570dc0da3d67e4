/**
 * Starts and restarts under way, each of some regions of a job that go together:
 *
 *   cancelling (until all their tasks have ended) → delayed (by the restart strategy) → waiting (for slots) → deployed, and no more in here
 *
 * In:    failures, with the regions that start again. Out: which restarts are in which stage.
 * State: the restarts, in the order of their failures. No region is in two of them: one that strikes more regions takes over the restarts of some of these.
 */
import type { Subtask } from "../graph/job-graph-types.ts";
import type { Region } from "../graph/regions.ts";
import type { Cancel } from "../time/clock.ts";

export type RestartStage = "cancelling" | "delayed" | "waiting";

export class Restart {
  readonly regions: readonly Region[];
  /** Those of its regions, by vertex, then subtask. */
  readonly subtasks: readonly Subtask[];
  readonly delayMs: number;
  stage: RestartStage;
  cancelDelay: Cancel | undefined;

  constructor(regions: readonly Region[], { delayMs, stage }: Pick<Restart, "delayMs" | "stage">) {
    this.regions = regions;
    this.subtasks = regions
      .flatMap(({ subtasks }) => subtasks)
      .toSorted((left, right) => left.vertex - right.vertex || left.subtask - right.subtask);
    this.delayMs = delayMs;
    this.stage = stage;
    this.cancelDelay = undefined;
  }
}

export class Restarts {
  #all: Restart[];

  constructor() {
    this.#all = [];
  }

  add(restart: Restart): void {
    const regions = new Set(restart.regions);
    for (const other of this.#all) if (other.regions.some((region) => regions.has(region))) this.remove(other);
    this.#all.push(restart);
  }

  /** It is deployed, or taken over. */
  remove(restart: Restart): void {
    restart.cancelDelay?.();
    this.#all = this.#all.filter((other) => other !== restart);
  }

  clear(): void {
    for (const restart of this.#all) this.remove(restart);
  }

  has(restart: Restart): boolean {
    return this.#all.includes(restart);
  }

  /** The region starts again anyway. */
  includes(region: Region): boolean {
    return this.#all.some(({ regions }) => regions.includes(region));
  }

  /** One restart includes so many regions. */
  hasOneOf(regions: number): boolean {
    return this.#all.some((restart) => restart.regions.length === regions);
  }

  in(stage: RestartStage): readonly Restart[] {
    return this.#all.filter((restart) => restart.stage === stage);
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }
}
