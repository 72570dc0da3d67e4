/**
 * Goal:   the simulator still finds every planted bug, and no bug in the engine as it is.
 * Method: each bug runs once, with the seed that caught it in the last search; the engine without one runs with all these seeds. The bundles are processes
 *         of their own, two at a time.
 * Replay: `npm run test:mutants -- --only <mutant> --from <seed> --runs 1`. A seed that catches nothing any more, since engine or simulator have
 *         changed: `npm run test:mutants` searches anew and records what it finds.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOf } from "./bundle.ts";
import { cheapestCatch, isKilled, killOf, page, worstRuns } from "./kill-table.ts";
import type { Kills } from "./kill-table.ts";
import { patched } from "./mutant.ts";
import type { Mutant } from "./mutant.ts";
import { inLanes, watch } from "./prey.ts";
import type { Catch } from "./prey.ts";
import { MUTANTS, WAITING } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const killed = JSON.parse(readFileSync(new URL("killed.json", import.meta.url), "utf8")) as Kills; // as main.ts writes it
const AT_ONCE = 2;
const SILENCE_MS_MAX = 15_000;

/** A mutant is called what it is: the text that it replaces is there, once. */
describe("the table", () => {
  test("has no name twice, and at least 25 bugs", () => {
    const ids = [...MUTANTS, ...WAITING].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
    expect(ids.filter((id) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  test.each([...MUTANTS, ...WAITING].map((mutant) => [mutant.id, mutant] as const))(
    "finds the text of %s",
    (_, mutant) => {
      const source = readFileSync(`${root}${mutant.file}`, "utf8");
      expect(patched(mutant, source)).not.toBe(source);
    },
  );

  // The bundler does not look at names: what is not there would be caught as an exception, and be no bug of the engine's.
  test("plants nothing that the compiler would not know", () => {
    const folder = mkdtempSync(join(tmpdir(), "mutants-"));
    for (const mutant of [...MUTANTS, ...WAITING])
      writeFileSync(join(folder, `${mutant.id}.ts`), patched(mutant, readFileSync(`${root}${mutant.file}`, "utf8")));
    const args = ["--allow", "all", "--deny", "no-undef", "--format", "unix", folder];
    const { stdout, status } = spawnSync(`${root}node_modules/.bin/oxlint`, args, { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });

  test("has a seed for each bug, and none for others", () => {
    expect(Object.keys(killed).toSorted()).toEqual(MUTANTS.map(({ id }) => id).toSorted());
  });
});

describe("a patch", () => {
  const mutant: Mutant = { id: "a-bug", file: "core/a.ts", find: "a > b", replace: "a >= b", about: "off by one" };

  test("is applied to its one place", () => {
    expect(patched(mutant, "if (a > b) return;")).toBe("if (a >= b) return;");
  });

  test("takes its replacement literally", () => {
    expect(patched({ ...mutant, replace: "$& $1" }, "(a > b)")).toBe("($& $1)");
  });

  test("whose text is gone is refused, with its name and file", () => {
    expect(() => patched(mutant, "if (a < b) return;")).toThrow(/a-bug.*not there any more in core\/a\.ts/s);
  });

  test("whose text is there twice is refused", () => {
    expect(() => patched(mutant, "a > b || a > b")).toThrow(/a-bug.*2 times in core\/a\.ts/s);
  });
});

describe("the kill table", () => {
  const mutant: Mutant = { id: "a-bug", file: "core/a.ts", find: "a", replace: "b", about: "a is b" };
  const found = (seed: number, runs: number, checker = "output", tookMs = 10): Catch => ({
    seed,
    runs,
    checker,
    what: "",
    tookMs,
  });

  test("a bug is caught if every search caught it", () => {
    expect(isKilled({ mutant, catches: [found(1, 3), found(2, 9)] })).toBe(true);
    expect(isKilled({ mutant, catches: [found(1, 3), undefined] })).toBe(false);
    expect(worstRuns({ mutant, catches: [found(1, 3), found(2, 9)] })).toBe(9);
  });

  test("repeats the quickest run, and none that hung", () => {
    const catches = [found(1, 1, "liveness", 1), found(2, 5, "output", 30), found(3, 5, "output", 20)];
    expect(cheapestCatch({ mutant, catches })?.seed).toBe(3);
    expect(cheapestCatch({ mutant, catches: [undefined] })).toBe(undefined);
  });

  test("the page says what was caught by whom, in how many searches, and what was not", () => {
    const shown = (catches: readonly (Catch | undefined)[]): string => {
      const kill = killOf({ mutant, catches });
      return page([mutant], kill === undefined ? {} : { [mutant.id]: kill });
    };
    const five = [found(1, 3, "leak"), found(2, 9), found(3, 1, "leak"), found(4, 1), found(5, 1)];
    expect(shown(five)).toContain("| `a-bug` | a is b | output, leak | 9 |");
    expect(shown(five)).toContain("1 of 1 were caught");
    expect(shown(five.slice(0, 2))).toContain("| leak, output | 9 (2 of 5) |");
    expect(shown(five.slice(0, 2))).toContain("0 of 1 were caught");
    expect(shown([found(1, 3), undefined])).toContain("| output | 3, not caught in 1 of 2 |");
    expect(shown([found(1, 3), undefined])).toContain("0 of 1 were caught");
    expect(shown([undefined])).not.toContain("a-bug");
  });

  test("a search that catches nothing leaves the seed of the one before", () => {
    const before = killOf({ mutant, catches: [found(7, 3)] });
    const now = killOf({ mutant, catches: [undefined, undefined] }, before);
    expect(now).toMatchObject({ seed: 7, searches: 2, missed: 2 });
    expect(page([mutant], now === undefined ? {} : { [mutant.id]: now })).toContain(
      "| output | not caught in 2 of 2; before that, after 3 |",
    );
    const byHand = { seed: 7, caughtBy: "", runs: 0, searches: 0, missed: 0 };
    expect(page([mutant], { [mutant.id]: byHand })).toContain("|  | not searched yet |");
  });

  test("is that of the page", () => {
    expect(readFileSync(new URL("../../docs/mutants.md", import.meta.url), "utf8")).toBe(page(MUTANTS, killed));
  });
});

describe("one run each", () => {
  const caught = new Map<string, Promise<Catch | undefined>>();
  let unpatched: Promise<Catch | undefined> = Promise.resolve(undefined);
  let all: Promise<unknown> = Promise.resolve();

  // All begin at once, in two lanes; each test awaits its own.
  beforeAll(() => {
    const tell = new Map<string, (one: Promise<Catch | undefined>) => void>();
    for (const { id } of MUTANTS) caught.set(id, new Promise((resolve) => tell.set(id, resolve)));
    unpatched = new Promise((resolve) => tell.set("", resolve));
    const run = async (mutant: Mutant | undefined): Promise<Catch | undefined> => {
      const bundle = await bundleOf(root, mutant);
      const options = { silenceMsMax: SILENCE_MS_MAX };
      if (mutant !== undefined)
        return watch(bundle, { seeds: [killed[mutant.id]?.seed ?? 1] }, { ...options, arena: mutant.arena });
      for (const arena of new Set(MUTANTS.map((one) => one.arena))) {
        const seeds = MUTANTS.filter((one) => one.arena === arena).map(({ id }) => killed[id]?.seed ?? 1);
        const caught = await watch(bundle, { seeds: [...new Set(seeds)] }, { ...options, arena });
        if (caught !== undefined) return caught;
      }
      return undefined;
    };
    all = inLanes([undefined, ...MUTANTS], AT_ONCE, async (mutant) => {
      const one = run(mutant);
      tell.get(mutant?.id ?? "")?.(one);
      await one.catch(() => undefined); // its test says so
    });
  });

  afterAll(() => all);

  test("the engine as it is passes all of them", { timeout: 120_000 }, async () => {
    expect(await unpatched).toBe(undefined);
  });

  test.each(MUTANTS.map(({ id }) => [id, killed[id]?.seed] as const))(
    "%s is caught with seed %s",
    { timeout: 120_000 },
    async (id) => {
      expect(await caught.get(id)).toMatchObject({ seed: killed[id]?.seed });
    },
  );
});
