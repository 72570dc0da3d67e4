/**
 * Smaller plans than one that was seen to fail: the boldest cuts first, so that few runs lead far.
 *
 * In:    a plan. Out: plans that lack something of it. Nothing is kept.
 */
import { isDeepStrictEqual } from "node:util";
import type { FaultSite, Leg, SimPlan } from "../plan.ts";

/** `ideal`: what they approach. */
export function* smallerPlans(plan: SimPlan, ideal: SimPlan): Generator<SimPlan, void, undefined> {
  const { legs, disasters, rates } = plan;
  const calm: SimPlan = { ...ideal, seed: plan.seed, legs, disasters, rates, tolerable: plan.tolerable };
  // How long reading takes decides whether anything is struck at all.
  const paced: SimPlan = { ...calm, burst: plan.burst, pauseMs: plan.pauseMs, healedMs: plan.healedMs };
  yield calm;
  yield paced;
  yield { ...plan, disasters: [] };
  yield { ...plan, rates: {} };
  yield { ...plan, legs: legs.slice(-1) };
  for (const index of disasters.keys()) yield { ...plan, disasters: disasters.toSpliced(index, 1) };
  for (const site of Object.keys(rates)) {
    const { [site as FaultSite]: _, ...others } = rates; // its keys are sites
    yield { ...plan, rates: others };
  }
  for (const index of legs.slice(0, -1).keys()) yield { ...plan, legs: legs.toSpliced(index, 1) };
  for (const [index, leg] of legs.entries()) yield { ...plan, legs: legs.with(index, { ...leg, parallelism: 1 }) };
  for (const [index, leg] of legs.entries()) yield { ...plan, legs: legs.with(index, simplerStop(leg)) };
  for (const key of Object.keys(ideal)) {
    if (key === "seed" || key === "legs" || key === "disasters" || key === "rates") continue;
    yield { ...plan, [key]: ideal[key as keyof SimPlan] }; // its keys are those of a plan
  }
}

/** The plan itself if none of its smaller ones fails, before `isTimeUp`. */
export async function smallest(
  plan: SimPlan,
  options: {
    readonly ideal: SimPlan;
    readonly fails: (plan: SimPlan) => Promise<boolean>;
    readonly isTimeUp: () => boolean;
  },
): Promise<SimPlan> {
  for (const smaller of smallerPlans(plan, options.ideal)) {
    if (options.isTimeUp()) return plan;
    if (!isDeepStrictEqual(smaller, plan) && (await options.fails(smaller))) return smallest(smaller, options);
  }
  return plan;
}

function simplerStop({ parallelism, stop }: Leg): Leg {
  return stop === undefined ? { parallelism } : { parallelism, stop: { ...stop, how: "suspend" } };
}
