/**
 * A scene for jobs in virtual time: a world, the outside that sinks commit to, a gate before the sources, and jobs that start from each other.
 *
 * In:    pipelines of a few lines, and what the client does meanwhile. Out: what was committed, and what the client was told.
 */
import type { ConfigValues, DataStream } from "../../../core/index.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import { LocalJob } from "../../../core/cluster/local-job.ts";
import { committedSink, Outside } from "../../sim/committed-sink.ts";
import { Faults } from "../../golden/faults.ts";
import type { FaultPlan } from "../../golden/faults.ts";
import { SeededWorld } from "../../golden/seeded-world.ts";
import { Gate } from "../../sim/gate.ts";
import { listSource } from "../../sim/pipelines/list-source.ts";
import { stuttering } from "../../sim/stuttering-source.ts";

export interface SceneOptions {
  readonly seed?: number;
  readonly faults?: FaultPlan;
}

export class Scene {
  readonly world: SeededWorld;
  readonly faults: Faults;
  readonly outside: Outside<unknown> = new Outside<unknown>();
  #gate = new Gate();
  #jobs = 0;

  constructor({ seed = 1, faults = {} }: SceneOptions = {}) {
    this.world = new SeededWorld(seed);
    this.faults = new Faults(faults);
    this.world.faults = this.faults;
    this.world.onDurable = (checkpointId) => {
      this.outside.completedId = Math.max(this.outside.completedId, checkpointId);
    };
  }

  /** Of the job that is being built. */
  get gate(): Gate {
    return this.#gate;
  }

  /** An environment for the next job. Restarts are immediate and without number unless `values` say otherwise. */
  env(values: ConfigValues = {}): StreamExecutionEnvironment {
    this.#jobs += 1;
    this.#gate = new Gate();
    return StreamExecutionEnvironment.create({
      "pipeline.auto-watermark-interval": 1,
      "restart-strategy.type": "fixed-delay",
      "restart-strategy.fixed-delay.attempts": 1_000,
      "restart-strategy.fixed-delay.delay": 0,
      ...values,
    });
  }

  /** `count` numbers from 0, dealt to the splits; event time is the number. Stops at the gate. */
  numbers(
    env: StreamExecutionEnvironment,
    count: number,
    options: {
      readonly splits?: number;
      readonly name?: string;
      readonly gate?: Gate;
      readonly strategy?: WatermarkStrategy<number>;
    } = {},
  ): DataStream<number> {
    const {
      splits = 1,
      name = "numbers",
      gate = this.#gate,
      strategy = WatermarkStrategy.forMonotonousTimestamps<number>(),
    } = options;
    const records = Array.from({ length: splits }, (_, split) =>
      Array.from({ length: count }, (__, n) => n)
        .filter((n) => n % splits === split)
        .map((n) => ({ value: n, timestampMs: n })),
    );
    const source = stuttering(listSource(name, records), {
      gate,
      random: this.world.random,
      burst: 3,
      faults: this.faults,
    });
    return env.fromSource(source, strategy, name).uid(name);
  }

  commit(stream: DataStream<unknown>, name = "out"): void {
    const { world, outside, faults } = this;
    const sink = committedSink<unknown>({
      name: `${this.#jobs}/${name}`,
      outside,
      clock: world.clock,
      random: world.random,
      faults,
    });
    stream.sinkTo(sink).name(name).uid(name);
  }

  start(env: StreamExecutionEnvironment): LocalJob {
    const submission = {
      jobName: "scene",
      streamGraph: env.getStreamGraph(),
      config: env.config,
      listeners: new Map(),
    };
    return new LocalJob(submission, this.world);
  }

  /** Lets time go on until the story is told, and then until nothing is left to happen. */
  async play<T>(story: () => Promise<T>): Promise<T> {
    const told = await this.world.run(story);
    await this.world.quiesce();
    return told;
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.world.clock.schedule(delayMs, resolve));
  }

  /** What was committed, in order. */
  get committed(): unknown[] {
    return this.outside.commits.map(({ value }) => value);
  }
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Throws at each of these numbers, at most `times` times in all. */
export function throwingAt(
  numbers: readonly number[],
  times: number,
  onThrow: () => void = () => undefined,
): (n: number) => number {
  let left = times;
  return (n) => {
    if (numbers.includes(n) && left > 0) {
      left -= 1;
      onThrow();
      throw new RangeError("boom");
    }
    return n;
  };
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not reject with an error");
}
