/** What many runs of the simulator came to: sums for people, and the seeds that failed. Plain data, so that several processes can add theirs. */
import type { Examined } from "./trial.ts";

export interface Failure {
  readonly seed: number;
  readonly checker: string;
  readonly what: string;
}

export interface Tally {
  runs: number;
  events: number;
  simulatedMs: number;
  checkpoints: number;
  restarts: number;
  masters: number;
  /** Times that each kind of fault has struck. */
  readonly struck: Record<string, number>;
  readonly failures: Failure[];
}

export function emptyTally(): Tally {
  return { runs: 0, events: 0, simulatedMs: 0, checkpoints: 0, restarts: 0, masters: 0, struck: {}, failures: [] };
}

export function count(tally: Tally, seed: number, { run, violation }: Examined): void {
  tally.runs += 1;
  if (violation !== undefined) tally.failures.push({ seed, ...violation });
  if (run === undefined) return;
  tally.events += run.world.scheduler.events;
  tally.simulatedMs += run.world.scheduler.nowMs;
  tally.checkpoints += run.completed;
  tally.restarts += run.restarts;
  tally.masters += run.masters;
  for (const [fault, times] of run.struck) tally.struck[fault] = (tally.struck[fault] ?? 0) + times;
}

export function sum(tallies: readonly Tally[]): Tally {
  const total = emptyTally();
  for (const tally of tallies) {
    total.runs += tally.runs;
    total.events += tally.events;
    total.simulatedMs += tally.simulatedMs;
    total.checkpoints += tally.checkpoints;
    total.restarts += tally.restarts;
    total.masters += tally.masters;
    total.failures.push(...tally.failures);
    for (const [fault, times] of Object.entries(tally.struck)) total.struck[fault] = (total.struck[fault] ?? 0) + times;
  }
  return total;
}

/** `realMs`: how long it took, over all processes together. */
export function describe(tally: Tally, realMs: number): string {
  const { runs, simulatedMs, checkpoints, restarts, masters, struck, failures } = tally;
  const faults = Object.values(struck).reduce((total, times) => total + times, 0);
  const kinds = Object.entries(struck)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([fault, times]) => `${fault} ${times}`);
  const hours = simulatedMs / 3_600_000;
  return [
    `${runs} runs, ${hours.toFixed(2)} simulated hours in ${(realMs / 60_000).toFixed(1)} minutes (${Math.round(simulatedMs / realMs)} times as fast), ${tally.events} events`,
    `${checkpoints} checkpoints completed, ${restarts} restarts, ${masters} masters, ${faults} faults: ${kinds.join(", ")}`,
    `${failures.length} runs in which a checker was not content`,
  ].join("\n");
}
