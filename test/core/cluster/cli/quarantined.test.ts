/** A job that ends with addresses in quarantine says so and exits with 3; `millrace quarantined` lists those of a checkpoint. */
// covers: core/cluster/cli/quarantine-text.ts, core/cluster/cli/quarantined.ts
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { quarantineText } from "../../../../core/cluster/cli/quarantine-text.ts";
import { fn, type } from "../../../../statefun/index.ts";
import { Arrivals, savedAfter } from "../../../statefun/read/held-job.ts";
import { millrace, workshop } from "./command.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const JOBS = {
  "strict.ts": `import { fn, ingress, module, router, statefunJob, type } from "millrace/statefun";
const amounts = ingress("docs/amounts", type<number>());
const strict = fn("docs/strict", {
  accepts: { add: type<number>() },
  handle: { add(ctx, n) { if (n > 0) throw new RangeError("more than nothing"); } },
});
export default statefunJob("strict", module(({ config }) => [
  strict,
  amounts.from((env) => env.fromSequence(0, Number(config.get("failures")))),
  router(amounts, (n, downstream) => downstream.forward(strict.at("id " + n), "add", n)),
]), { report: () => { if (process.argv.includes("failures=13")) throw new Error("no report"); } });`,
};

let shop: ReturnType<typeof workshop>;
beforeAll(() => {
  shop = workshop(JOBS);
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => shop.remove());

function run(failures: number, ...options: readonly string[]): ReturnType<typeof millrace> {
  const job = join(shop.path, "strict.ts");
  return millrace(["run", job, ...options, "--", "--global-config", `failures=${failures}`]);
}

describe("millrace run", () => {
  test("exits with 0 where nothing is quarantined", async () => {
    const { code, stderr } = await run(0);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test.each([
    ["on one thread", []],
    ["on several", ["--parallelism", "4", "--slots", "2", "--task-managers", "2"]],
  ])("exits with 3 %s, says how many, and which came first", async (_where, options) => {
    const { code, stdout, stderr } = await run(12, ...options);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^strict: 13 records in /m);
    expect(stderr).toContain(
      'millrace: job "strict" has finished, but 12 addresses are quarantined, each with the message that failed; the oldest 10:\n',
    );
    const named = stderr.match(/^ {2}docs\/strict "id \d+" since 20\S+Z: RangeError: more than nothing$/gm);
    expect(new Set(named).size).toBe(10);
    expect(stderr).toContain("send what fails to an egress (onError: deadLetter)\n");
  });

  test("exits with 1 where the report of the job failed as well", async () => {
    const { code, stderr } = await run(13);
    expect(code).toBe(1);
    expect(stderr).toContain("13 addresses are quarantined");
  });

  test("says one as one", () => {
    const first = [{ what: 'a/b "c"', why: "Error: d", sinceMs: 0 }];
    expect(quarantineText("job", { count: 1, first })).toMatch(
      /^millrace: job "job" has finished, but 1 address is quarantined, each with the message that failed:\n {2}a\/b "c" since 1970-01-01T00:00:00.000Z: Error: d\n/,
    );
    expect(quarantineText("job", { count: 0, first: [] })).toBe("");
  });
});

describe("millrace quarantined", () => {
  test("prints a table of a savepoint, or JSON", async () => {
    const arrivals = new Arrivals();
    const strict = fn("docs/strict", {
      accepts: { add: type<number>() },
      handle: {
        add(_ctx, n) {
          arrivals.tick();
          throw new RangeError(`not ${n}`);
        },
      },
    });
    vi.spyOn(process.stderr, "write").mockReturnValue(true); // the quarantine is a warning
    const messages = [{ to: strict.type, id: "ann", kind: "add", value: 5 } as const];
    const path = await savedAfter({ functions: [strict], messages, arrivals, count: 1, directory: shop.path });
    const table = await millrace(["quarantined", path]);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/^ADDRESS .*\ndocs\/strict "ann" {2}20\S+Z {2}0 +add +RangeError: not 5\n$/);
    const json = await millrace(["quarantined", "--json", "--name", "statefun", path]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: "ann", waiting: 0, message: { kind: "add", value: 5 } }]);
  });

  test("refuses what is no checkpoint, with one sentence", async () => {
    const { code, stdout, stderr } = await millrace(["quarantined", join(shop.path, "nowhere")]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /^millrace: MR5001: there is no readable checkpoint at "nowhere" in file:\S+; check the path\n$/,
    );
  });
});
