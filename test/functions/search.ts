/** Programs of functions in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import type { SimPlan } from "../sim/plan.ts";
import type { SimRun } from "../sim/run.ts";
import { tight } from "../loop/search.ts";
import type { Tightness } from "../loop/search.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { AtOnce } from "./at-once.ts";
import { ConsistentCuts } from "./consistent-cuts.ts";
import { expectedOf } from "./expectation.ts";
import type { Happened } from "./expectation.ts";
import { programs } from "./generate.ts";
import { mayStop, messagesOf } from "./messages.ts";
import { Originals } from "./originals.ts";
import { programFunctions } from "./program-functions.ts";
import { programPipeline, scriptOf } from "./program-pipeline.ts";
import type { Program } from "./program.ts";

export interface ProgramScenario {
  readonly program: Program;
  readonly plan: SimPlan;
}

export const scenarios: fc.Arbitrary<ProgramScenario> = fc.record({ program: programs, plan: plans });

/** `isTight`: next to nothing of what waits in loop and mailboxes stays in memory. */
export function examineProgram(seed: number, { isTight = false }: Tightness = {}): Promise<Examined> {
  const { program, plan } = sampled(scenarios, arbitrarySeedOf(seed));
  return examineScenario({ program, plan: isTight ? { ...plan, ...tight(seed) } : plan });
}

export function examineScenario({ program, plan: drawn }: ProgramScenario): Promise<Examined> {
  const messages = messagesOf(program);
  const script = scriptOf(messages);
  // What an address has stopped at is read off the last checkpoint, which must not be damaged then.
  const stops = messages.some((message) => mayStop(message));
  const disasters = stops ? drawn.disasters.filter(({ kind }) => kind !== "damage") : drawn.disasters;
  // Who takes nothing new does not see a barrier that stands behind it in another task: then checkpoints last as long as that.
  const limits = [program.mailboxBytesMax, program.asyncOperationsMax, drawn.feedbackBytes];
  const isSlow = limits.some((max) => max !== undefined) && !drawn.chaining && drawn.unalignedMs === undefined;
  // In development messages are frozen within a slot: then nobody sees whether two sides share one. Otherwise a state that cannot be saved stays for ever, so that no checkpoint completes.
  const development = drawn.seed % 2 === 0 || drawn.rates.state !== undefined;
  // Probes set a timer per record at its event time, which the outcomes of operations do not have.
  const plan: SimPlan = {
    ...drawn,
    probes: false,
    development,
    disasters,
    ...(isSlow && { checkpointTimeoutMs: 120_000 }),
  };
  const happened = ({ drained, failure, refusal }: SimRun): Happened => ({
    upTo: drained && positionsIn(drained),
    ...(stops && failure === undefined && refusal === undefined && { absent: cuts.absent }),
  });
  const atOnce = new AtOnce(messages, happened);
  const functions = programFunctions({
    script,
    hasOneClock: () => plan.drift === 0 && !atOnce.isOver,
    hasOneTime: plan.legs.every(({ stop }) => stop?.how !== "drain"),
    isPatient: program.onEndOfInput === "wait",
    heard: (status) => atOnce.heard(status),
  });
  const skipped = new Set(program.visits.filter(({ how }) => how === "skip").map(({ id }) => id));
  const cuts = new ConsistentCuts({ script, skipped }, functions);
  const originals = new Originals();
  const pipeline = programPipeline(program, functions, { script, atOnce, originals });
  return examineTrial({
    pipeline,
    plan,
    live: [cuts, atOnce, originals],
    output: committedOutput((run) => expectedOf(messages, happened(run))),
    hasUserCode: true,
    about: `${pipeline.name}\n${JSON.stringify(plan)}`,
  });
}

/** Undefined: all checkers are content. */
export async function runProgramSeed(seed: number): Promise<Violation | undefined> {
  return (await examineProgram(seed)).violation;
}

export async function runTightProgramSeed(seed: number): Promise<Violation | undefined> {
  return (await examineProgram(seed, { isTight: true })).violation;
}
