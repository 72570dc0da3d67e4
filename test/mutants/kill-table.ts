/**
 * The kill table: per planted bug, what caught it and how long that took at worst.
 *
 * In:    the results of hunts. Out: lines for people, and the page docs/mutants.md. The same results give the same text.
 */
import type { Mutant } from "./mutant.ts";
import { WAITING } from "./table.ts";
import type { Catch } from "./prey.ts";

export interface Hunted {
  readonly mutant: Mutant;
  /** One per seed; undefined: not caught. */
  readonly catches: readonly (Catch | undefined)[];
}

export interface HuntOptions {
  /** From which the seeds of the searches were made; `--seed` repeats them. */
  readonly seed: number;
  /** Where the searches begin. */
  readonly seeds: readonly number[];
  readonly runsMax: number;
}

export function isKilled({ catches }: Hunted): boolean {
  return catches.every((found) => found !== undefined);
}

/** Of all searches; Infinity if one found nothing. */
export function worstRuns({ catches }: Hunted): number {
  return Math.max(...catches.map((found) => found?.runs ?? Infinity));
}

/** The run that a test repeats: the quickest, and none that hung if another did not. */
export function cheapestCatch({ catches }: Hunted): Catch | undefined {
  const cost = (one: Catch): number => one.tookMs + (one.checker === "liveness" ? 1_000_000 : 0);
  return catches.filter((found) => found !== undefined).toSorted((left, right) => cost(left) - cost(right))[0];
}

export function line(hunted: Hunted): string {
  return `${hunted.mutant.id.padEnd(32)} ${runsOf(hunted).padStart(12)}  ${checkersOf(hunted).join(", ")}`;
}

export function page(all: readonly Hunted[], { seed, seeds, runsMax }: HuntOptions): string {
  const rows = all.map(
    (hunted) =>
      `| \`${hunted.mutant.id}\` | ${hunted.mutant.about} | ${checkersOf(hunted).join(", ")} | ${runsOf(hunted)} |`,
  );
  const killed = all.filter(isKilled).length;
  return `# Mutants

Does the simulator find bugs? These were planted into the engine, one at a time: a patch of one source file, applied while the simulator is bundled
([bundle.ts](../test/mutants/bundle.ts)), never a branch in the engine itself. The simulator was then searched from ${seeds.length} seeds that nobody chose, at most
${runsMax.toLocaleString("en")} runs each.

${killed} of ${all.length} were caught from each of them. The engine without a patch passes the same runs.

- \`npm run test:mutants\` searches anew, with fresh seeds, and writes this page and [killed.json](../test/mutants/killed.json): one seed per bug that catches it, which
  \`npm test\` repeats.
- \`npm run test:mutants -- --seed <seed>\` repeats a search. This page: \`--seed ${seed} --searches ${seeds.length} --runs ${runsMax}\`, which begins at ${seeds.join(", ")}.
- \`npm run test:mutants -- --only <mutant>\` searches for one of them, and prints what the checker saw; with \`--from <seed> --runs 1\`, that run alone.

| mutant | what is broken | caught by | runs, at worst |
| --- | --- | --- | --- |
${rows.join("\n")}

${WAITING.length} more are planted and not promised: in shorter searches the simulator did not see them, or only now and then. \`npm run test:mutants -- --waiting\`
searches for these. A bug that is not seen says something about the simulator, and stays in the table until it is:
${WAITING.map(({ id }) => `\`${id}\``).join(", ")}.
`;
}

function checkersOf({ catches }: Hunted): readonly string[] {
  const counts = new Map<string, number>();
  for (const found of catches) if (found !== undefined) counts.set(found.checker, (counts.get(found.checker) ?? 0) + 1);
  return [...counts]
    .toSorted(([one, few], [other, many]) => many - few || (one < other ? -1 : 1))
    .map(([name]) => name);
}

function runsOf(hunted: Hunted): string {
  const missed = hunted.catches.filter((found) => found === undefined).length;
  return missed === 0 ? worstRuns(hunted).toLocaleString("en") : `not caught (${missed} of ${hunted.catches.length})`;
}
