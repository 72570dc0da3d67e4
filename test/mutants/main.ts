/**
 * Searches for every planted bug from five fresh seeds, prints the kill table, and records it: `npm run test:mutants`.
 *
 * In:    `--only <mutant>[,<mutant>]`, `--runs <most per search>`, `--searches <per mutant, 5>`, `--seed <repeats all>`, `--from <seed>` (one search, from there), `--waiting` (the bugs
 *        that no checker sees yet). Out: the table, and row by row also docs/mutants.md and test/mutants/killed.json, if it is searched no shorter than usual. Exit code 1 if a bug was not caught, or the engine without one was.
 * Runs in the folder of the repository, two processes at a time. Takes hours; interrupted, it goes on where it was with the `--seed` that it printed.
 */
import { randomInt } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SeededRandom } from "../../core/util/random.ts";
import { bundleOf } from "./bundle.ts";
import { cheapestCatch, isKilled, killOf, line, page, RUNS_MAX, SEARCHES, worstRuns } from "./kill-table.ts";
import type { HuntOptions, Hunted, Kills } from "./kill-table.ts";
import { patched } from "./mutant.ts";
import type { Mutant } from "./mutant.ts";
import { inLanes } from "./prey.ts";
import type { Catch } from "./prey.ts";
import { searchOnce } from "./searches.ts";
import { MUTANTS, WAITING } from "./table.ts";

const AT_ONCE = 2;
const SEED_MAX = 2 ** 31;
/** Of so many mutants asked for by name the counterexamples are printed. */
const SHOWN_MAX = 3;
const KILLED = "test/mutants/killed.json";
const PAGE = "docs/mutants.md";

const root = process.cwd();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** All searches of all mutants in two lanes; a row is printed once the last of them is through. */
async function huntAll(
  mutants: readonly Mutant[],
  { seeds, runsMax }: HuntOptions,
  onHunted: (hunted: Hunted) => void,
): Promise<readonly Hunted[]> {
  const searches = mutants.flatMap((mutant) => seeds.map((from) => ({ mutant, from })));
  const bundles = new Map<Mutant, Promise<string>>();
  const found = new Map<Mutant, (Catch | undefined)[]>();
  await inLanes(searches, AT_ONCE, async ({ mutant, from }) => {
    const bundle = bundles.get(mutant) ?? bundleOf(root, mutant);
    bundles.set(mutant, bundle);
    const caught = await searchOnce(await bundle, { from, runs: runsMax, arena: mutant.arena });
    const catches = [...(found.get(mutant) ?? []), caught];
    found.set(mutant, catches);
    if (catches.length < seeds.length) return;
    say(line({ mutant, catches }));
    onHunted({ mutant, catches });
  });
  return mutants.map((mutant) => ({ mutant, catches: found.get(mutant) ?? [] }));
}

/** The engine as it is, over all runs that any search took. */
async function unpatchedIsClean({ seeds }: HuntOptions, all: readonly Hunted[]): Promise<boolean> {
  const bundle = await bundleOf(root);
  let isClean = true;
  for (const arena of new Set(all.map(({ mutant }) => mutant.arena))) {
    const hunted = all.filter((one) => one.mutant.arena === arena && isKilled(one));
    const runs = Math.max(1, ...hunted.map(worstRuns));
    const searches = await inLanes(seeds, AT_ONCE, (from) => searchOnce(bundle, { from, runs, arena }));
    isClean &&= told(searches, `${arena ?? "dataflows"}: ${seeds.length} x ${runs}`);
  }
  return isClean;
}

/** True: nothing was caught. */
function told(catches: readonly (Catch | undefined)[], searched: string): boolean {
  for (const caught of catches) {
    if (caught !== undefined) say(`the engine without a bug, seed ${caught.seed}: ${caught.checker}: ${caught.what}`);
  }
  const isClean = catches.every((caught) => caught === undefined);
  if (isClean) say(`${"(none)".padEnd(32)} ${searched}  clean`);
  return isClean;
}

/** Takes the place of what was known of that bug; bugs that are in the table no more are left out. */
function record(hunted: Hunted): void {
  const { id: searched } = hunted.mutant;
  const known = JSON.parse(readFileSync(KILLED, "utf8")) as Kills; // as written below
  const kill = killOf(hunted, known[searched]);
  if (kill === undefined) return;
  const kills = { ...known, [searched]: kill };
  const rows = MUTANTS.flatMap(({ id }) => (kills[id] === undefined ? [] : [[id, kills[id]] as const]));
  write(KILLED, `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`);
  write(PAGE, page(MUTANTS, kills));
}

/** Whole or not at all, whenever it is interrupted. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.draft`, text);
  renameSync(`${path}.draft`, path);
}

/** Not after hours. */
function refuseStalePatches(mutants: readonly Mutant[]): void {
  const stale = mutants.flatMap((mutant) => {
    try {
      patched(mutant, readFileSync(mutant.file, "utf8"));
      return [];
    } catch (error) {
      return [(error as Error).message]; // of `patched`
    }
  });
  if (stale.length > 0) throw new Error(stale.join("\n\n"));
}

const { values: args } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string" },
    searches: { type: "string" },
    from: { type: "string" },
    waiting: { type: "boolean" },
  },
});
const seed = args.seed === undefined ? randomInt(SEED_MAX) : Number(args.seed);
const random = new SeededRandom(seed);
const fresh = Array.from({ length: Number(args.searches ?? SEARCHES) }, () => Math.floor(random.next() * SEED_MAX));
const runsMax = Number(args.runs ?? RUNS_MAX);
const options: HuntOptions = { seeds: args.from === undefined ? fresh : [Number(args.from)], runsMax };
const wanted = args.only?.split(",");
const table = args.waiting === true ? WAITING : MUTANTS;
const mutants = wanted === undefined ? table : [...MUTANTS, ...WAITING].filter(({ id }) => wanted.includes(id));
if (mutants.length === 0) throw new Error(`no mutant is called ${args.only}`);

refuseStalePatches(mutants);
say(`seed ${seed}: searches begin at ${options.seeds.join(", ")}\n`);
// A quick look takes no row's place.
const keeps = args.from === undefined && args.waiting !== true && runsMax >= RUNS_MAX && fresh.length >= SEARCHES;
const all = await huntAll(mutants, options, (hunted) => {
  if (keeps) record(hunted);
});
const missed = all.filter((hunted) => !isKilled(hunted));
const isClean = await unpatchedIsClean(options, all);
if (wanted !== undefined && wanted.length <= SHOWN_MAX)
  for (const hunted of all) say(`\n${hunted.mutant.id}: ${cheapestCatch(hunted)?.what ?? "-"}`);
say(`\n${all.length - missed.length} of ${all.length} caught within ${runsMax} runs from each seed`);
for (const { mutant } of missed)
  say(`not caught: ${mutant.id} (${mutant.about})${mutant.waits === undefined ? "" : `, waits for: ${mutant.waits}`}`);
process.exitCode = missed.length === 0 && isClean ? 0 : 1;
