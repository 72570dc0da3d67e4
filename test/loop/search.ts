/** Jobs with a loop in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import type { SimPlan } from "../sim/plan.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { expectedArrivals, messagesDescriptions, messagesPipeline } from "./messages.ts";
import type { MessagesDescription } from "./messages.ts";

export interface Tightness {
  readonly isTight?: boolean;
}

/** Every record goes to disk, or a frame or two stay in memory and the others go. As for other small channels, checkpoints are given time. */
export function tight(seed: number): Pick<SimPlan, "capacity" | "feedbackBytes" | "checkpointTimeoutMs"> {
  return { capacity: 1, feedbackBytes: seed % 2 === 0 ? 1 : 1_500, checkpointTimeoutMs: 120_000 };
}

const scenarios: fc.Arbitrary<LoopScenario> = fc.record({ description: messagesDescriptions, plan: plans });

/** `isTight`: next to nothing of what waits in the loop stays in memory. */
export function examineLoop(seed: number, { isTight = false }: Tightness = {}): Promise<Examined> {
  const { description, plan: drawn } = sampled(scenarios, arbitrarySeedOf(seed));
  return examineScenario({ description, plan: isTight ? { ...drawn, ...tight(seed) } : drawn });
}

interface LoopScenario {
  readonly description: MessagesDescription;
  readonly plan: SimPlan;
}

function examineScenario({ description, plan }: LoopScenario): Promise<Examined> {
  const pipeline = messagesPipeline(description);
  return examineTrial({
    pipeline,
    plan,
    output: committedOutput(({ drained }) => expectedArrivals(description, drained && positionsIn(drained))),
    about: `${pipeline.name}\n${JSON.stringify(plan)}`,
  });
}

/** Between two crashes. */
const CRASH_EVERY_MS = 1_300;

/** Hundreds of messages wait on disk for long, while checkpoints come one after the other, some of them in vain, and slots crash. */
function standing(seed: number): Partial<SimPlan> {
  const isFast = seed % 3 === 0;
  return {
    ...tight(seed),
    legs: [{ parallelism: 1 + (seed % 2) }],
    slowMs: 60,
    recordsPerStep: 1,
    checkpointMs: 100,
    concurrent: 1 + (seed % 3),
    minPauseMs: 0,
    tolerable: 1_000,
    unalignedMs: undefined,
    diskMs: isFast ? 20 : 200,
    latencyMs: 5,
    rates: seed % 2 === 0 ? { write: 100 } : {},
    disasters: Array.from({ length: 6 }, (_, crash) => ({
      kind: "crash-slot" as const,
      atMs: 900 + crash * CRASH_EVERY_MS + ((seed * 37) % 700),
      who: seed + crash,
      durationMs: 0,
    })),
    healedMs: 20_000,
  };
}

export function examineStandingLoop(seed: number): Promise<Examined> {
  const { plan } = sampled(scenarios, arbitrarySeedOf(seed));
  const splits = [
    [4, 3, 4, 2],
    [3, 4],
  ].slice(0, 1 + (seed % 2));
  return examineScenario({
    description: { keys: 2 + (seed % 6), fan: 3, stride: seed % 7, splits },
    plan: { ...plan, ...standing(seed) },
  });
}

/** Undefined: all checkers are content. */
export async function runLoopSeed(seed: number): Promise<Violation | undefined> {
  return (await examineLoop(seed)).violation;
}

export async function runTightLoopSeed(seed: number): Promise<Violation | undefined> {
  return (await examineLoop(seed, { isTight: true })).violation;
}

export async function runStandingLoopSeed(seed: number): Promise<Violation | undefined> {
  return (await examineStandingLoop(seed)).violation;
}
