/**
 * The kill table: per planted bug, what caught it and how long that took at worst.
 *
 * In:    the results of hunts. Out: lines for people, and the page docs/mutants.md. The same results give the same text.
 */
import type { Mutant } from "./mutant.ts";
import { WAITING } from "./table.ts";
import type { Catch } from "./prey.ts";

/** Per bug, unless one asks for fewer. */
export const SEARCHES = 5;
/** Per search. */
export const RUNS_MAX = 2_000;

export interface Hunted {
  readonly mutant: Mutant;
  /** One per seed; undefined: not caught. */
  readonly catches: readonly (Catch | undefined)[];
}

export interface HuntOptions {
  /** Where the searches begin. */
  readonly seeds: readonly number[];
  readonly runsMax: number;
}

/** What is kept of the last search for a bug, in killed.json. */
export interface Kill {
  /** One that catches it. */
  readonly seed: number;
  /** The checkers, the most frequent one first. */
  readonly caughtBy: string;
  /** At worst, where it was caught. */
  readonly runs: number;
  /** 0: its seed was found by hand. */
  readonly searches: number;
  /** How many of them caught nothing. */
  readonly missed: number;
}

export type Kills = Readonly<Record<string, Kill>>;

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

/** `before`: what was known of it, whose seed stays if no search has caught it now. Undefined: none ever has. */
export function killOf(hunted: Hunted, before?: Kill): Kill | undefined {
  const cheapest = cheapestCatch(hunted);
  const searches = hunted.catches.length;
  if (cheapest === undefined) return before && { ...before, searches, missed: searches };
  const caught = hunted.catches.filter((found) => found !== undefined);
  return {
    seed: cheapest.seed,
    caughtBy: checkersOf(hunted).join(", "),
    runs: Math.max(...caught.map(({ runs }) => runs)),
    searches,
    missed: searches - caught.length,
  };
}

export function page(mutants: readonly Mutant[], kills: Kills): string {
  const found = mutants.flatMap((mutant) => {
    const kill = kills[mutant.id];
    return kill === undefined ? [] : [{ mutant, kill }];
  });
  const rows = found.map(
    ({ mutant, kill }) => `| \`${mutant.id}\` | ${mutant.about} | ${kill.caughtBy} | ${runsIn(kill)} |`,
  );
  const everywhere = found.filter(({ kill }) => kill.missed === 0 && kill.searches >= SEARCHES).length;
  return `# Mutants

Does the simulator find bugs? These were planted into the engine and its connectors, one at a time: a patch of one source file, applied while the simulator is bundled
([bundle.ts](../test/mutants/bundle.ts)), never a branch in the engine itself. For each of them the simulator was searched from ${SEARCHES} seeds that nobody chose, at most
${RUNS_MAX.toLocaleString("en")} runs each; where a row is of fewer searches, or of none, it says so.

${everywhere} of ${mutants.length} were caught from each of ${SEARCHES} seeds. A row is that of the last search for it: a search for all of them takes hours, and begins anew with every change of the engine. What holds for the engine as it is
is checked by \`npm test\`: one seed per bug still catches it, and nothing is caught with these seeds where no bug is planted.

- \`npm run test:mutants\` searches anew, with fresh seeds, prints what it finds, and writes it here and into [killed.json](../test/mutants/killed.json), row by row.
- \`npm run test:mutants -- --seed <seed>\` repeats a search, or goes on with one that was interrupted.
- \`npm run test:mutants -- --only <mutant>\` searches for one of them, and prints what the checker saw; with \`--from <seed> --runs 1\`, that run alone.

| mutant | what is broken | caught by | runs, at worst |
| --- | --- | --- | --- |
${rows.join("\n")}

${WAITING.length} more are planted and not promised: in shorter searches the simulator did not see them, or only now and then. \`npm run test:mutants -- --waiting\`
searches for these. A bug that is not seen says something about the simulator, and stays in the table until it is:
${WAITING.map(({ id }) => `\`${id}\``).join(", ")}.
`;
}

function runsIn({ runs, searches, missed }: Kill): string {
  const known = runs.toLocaleString("en");
  if (searches === 0) return "not searched yet";
  if (missed === searches) return `not caught in ${missed} of ${searches}; before that, after ${known}`;
  if (missed > 0) return `${known}, not caught in ${missed} of ${searches}`;
  return searches < SEARCHES ? `${known} (${searches} of ${SEARCHES})` : known;
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
