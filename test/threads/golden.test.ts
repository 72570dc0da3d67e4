/**
 * Goal:   on real threads, or processes, of which some die at random moments, a pipeline writes what the naive interpreter says: each record once, lanes in their order.
 * Method: pipelines by chance, with 1 to 5 subtasks on as many threads or one more; single threads and whole TaskManagers are ended by force. Seeds choose
 *         everything but the moments, which are real time.
 * Replay: a failure prints the seed and the pipeline as code; `MILLRACE_SEED=<seed>` runs that seed alone, and `MILLRACE_RUNS=<n>` looks longer.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ConfigValues, JobClient } from "millrace";
import type { MiniCluster } from "millrace/cluster";
import { expect, test } from "vitest";
import { SeededRandom } from "../../core/util/random.ts";
import { codeOf, expectedOf } from "../sim/pipelines/exact.ts";
import { describeExact } from "../sim/pipelines/generate.ts";
import { differenceOf, outcomeOf } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import type { Out } from "../sim/pipelines/pipeline.ts";
import type { ExactDescription } from "../sim/pipelines/wiring.ts";
import { BURST } from "./jobs/golden.ts";
import type { GoldenArgs } from "./jobs/golden.ts";
import { BUSY, jobModule, onStage, until, visibleFiles } from "./stage.ts";

const PARALLELISMS = [2, 3, 1, 5] as const;
const RUN_MS = 500;
const KILLS_MAX = 3;
const BETWEEN_KILLS_MS = 350;

const runs = Number(process.env["MILLRACE_RUNS"] ?? 4);
/** The same, on processes, which take their time to start. */
const PROCESS_RUNS = 1;
const seeds =
  process.env["MILLRACE_SEED"] === undefined
    ? Array.from({ length: runs }, (_, index) => index + 1)
    : [Number(process.env["MILLRACE_SEED"])];

class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  oneOf<T>(choices: readonly T[]): T | undefined {
    return choices[this.below(choices.length)];
  }
}

/** The longest source takes about so long. */
function pauseMsOf({ sources }: ExactDescription, parallelism: number): number {
  const longest = Math.max(...sources.map(({ splits, records }) => (records * splits) / Math.min(splits, parallelism)));
  const pauses = longest / ((1 + BURST) / 2);
  return Math.min(100, (2 * RUN_MS) / pauses);
}

/** Lane by lane, in the order of the files of each subtask. */
function written(directory: string): Outcome {
  const lines = readdirSync(directory).flatMap((stream) => {
    const folder = join(directory, stream);
    const parts = visibleFiles(folder).toSorted(); // numbers have one width
    return parts.flatMap((part) => readFileSync(join(folder, part), "utf8").split("\n").slice(0, -1));
  });
  return outcomeOf(lines.map((line) => JSON.parse(line) as Out)); // as the job writes them
}

/** Ends threads now and then, until the job is over or has been struck often enough. */
async function killSome(
  cluster: MiniCluster,
  job: JobClient,
  { dice, slots }: { dice: Dice; slots: number },
): Promise<void> {
  for (let kills = dice.below(KILLS_MAX + 1); kills > 0; kills -= 1) {
    await until(() => job.status() !== "CREATED", "the job has its slots");
    await pause(dice.below(BETWEEN_KILLS_MS));
    if (job.status() === "FINISHED") return;
    const victim = dice.oneOf(cluster.taskManagers()) ?? "";
    if (dice.below(3) > 0) cluster.killSlot(victim, dice.below(slots));
    else {
      const gone = cluster.killTaskManager(victim);
      cluster.addTaskManager();
      await gone;
    }
  }
}

interface GoldenRun {
  readonly seed: number;
  readonly description: ExactDescription;
  readonly parallelism: number;
  readonly config: ConfigValues;
}

function runOf(seed: number): GoldenRun & { readonly dice: Dice } {
  const dice = new Dice(seed);
  const parallelism = PARALLELISMS[seed % PARALLELISMS.length] ?? 1;
  const config = {
    ...BUSY,
    "parallelism.default": parallelism,
    "pipeline.auto-watermark-interval": 10,
    "execution.checkpointing.interval": 20 + dice.below(60),
    "restart-strategy.fixed-delay.delay": dice.below(2) * 20,
    "execution.checkpointing.unaligned.enabled": dice.below(2) === 1,
    "execution.checkpointing.aligned-checkpoint-timeout": dice.below(3) * 10,
  };
  return { seed, description: describeExact(seed), parallelism, config, dice };
}

/** How often the job was started again. */
function play(
  { seed, description, parallelism, config, dice }: ReturnType<typeof runOf>,
  isolation: "thread" | "process",
): Promise<number> {
  const threads = Math.max(parallelism, ...description.genes.map((gene) => gene.parallelism)) + dice.below(2);
  const slots = dice.oneOf([1, 2]) ?? 1;
  const size = { taskManagers: Math.ceil(threads / slots), slots, config: { "taskmanager.slot.isolation": isolation } };
  return onStage(size, async ({ cluster, directory, warnings }) => {
    const args: GoldenArgs = { description, out: directory, seed, pauseMs: pauseMsOf(description, parallelism) };
    const job = await cluster.submit(jobModule("golden"), { args: [JSON.stringify(args)], config });
    await killSome(cluster, job, { dice, slots });
    const { restarts } = await job.result();
    const difference = differenceOf(written(directory), expectedOf(description));
    const about = `seed ${seed}\n${codeOf(description)}\n${JSON.stringify(config)}\n${warnings().join("\n")}`;
    expect(difference, `${about}\n${difference ?? ""}`).toBeUndefined();
    return restarts;
  });
}

test("generated pipelines on threads that die", { timeout: 3_600_000 }, async () => {
  let restarts = 0;
  for (const seed of seeds) restarts += await play(runOf(seed), "thread");
  if (seeds.length > 1) expect(restarts, "some kills hit").toBeGreaterThan(0);
});

test("generated pipelines on processes that are killed", { timeout: 3_600_000 }, async () => {
  const ofProcesses = process.env["MILLRACE_RUNS"] === undefined ? seeds.slice(-PROCESS_RUNS) : seeds;
  for (const seed of ofProcesses) expect(await play(runOf(seed), "process")).toBeGreaterThanOrEqual(0);
});
