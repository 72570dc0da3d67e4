/**
 * Searches that are through, so that whoever is interrupted after two hours goes on with `--seed <the same>` where they were.
 *
 * In:    a bundle and where to begin. Out: what {@link watch} says, asked at most once. State: a file beside the bundles, a line per search.
 *
 * A search is a function of the bundle's bytes, the arena, and the seeds: an engine that has changed is searched anew. Lines of another engine stay and do no harm.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Arena } from "./mutant.ts";
import { watch } from "./prey.ts";
import type { Catch } from "./prey.ts";

export interface Search {
  readonly from: number;
  readonly runs: number;
  readonly arena?: Arena | undefined;
}

interface Through {
  readonly search: string;
  readonly caught?: Catch | undefined;
}

/** Like {@link watch}, unless the answer is known. */
export async function searchOnce(bundle: string, { from, runs, arena }: Search): Promise<Catch | undefined> {
  const path = join(dirname(bundle), "searches.jsonl");
  const engine = createHash("sha256").update(readFileSync(bundle)).digest("hex");
  const search = [engine, arena ?? "dataflows", from, runs].join(" ");
  const known = through(path).find((one) => one.search === search);
  if (known !== undefined) return known.caught;
  const caught = await watch(bundle, { from, runs }, { arena });
  appendFileSync(path, `${JSON.stringify({ search, caught } satisfies Through)}\n`);
  return caught;
}

function through(path: string): readonly Through[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Through); // as written above
}
