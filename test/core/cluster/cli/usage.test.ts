/** Wrong use of the command: one clear sentence on stderr, nothing on stdout, exit code 2; jobs that fail: exit code 1. */
// covers: core/cluster/cli/main.ts, core/cluster/cli/run.ts, core/cluster/cli/explain.ts, core/cluster/cli/load-job.ts, core/cluster/cli/bundle.ts
// covers: core/cluster/build-job.ts, core/cluster/map-stacks.ts, core/cluster/cli/exit-codes.ts
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { millrace, ROOT, workshop } from "./command.ts";

vi.setConfig({ testTimeout: 60_000 });

const JOBS: Readonly<Record<string, string>> = {
  "good.ts": `import { defineJob } from "millrace";
    export default defineJob("good", (env, args) => {
      env.fromSequence(1, 3).keyBy((n) => n % 2).reduce((a, b) => a + b).print(args[0] ?? "");
    });`,
  "good.mjs": `import { defineJob } from "${pathToFileURL(join(ROOT, "dist/core/index.js")).href}";
    export default defineJob("plain", (env) => void env.fromData("said").print());`,
  "no-default.ts": "export const job = 1;",
  "no-job.ts": "export default { name: 'job' };",
  "syntax.ts": "\nexport default 1 +;",
  "throws.ts": "\nconst nothing: { field?: string } = {};\nexport default nothing.field!.length;",
  "no-package.ts": 'import nothing from "no-such-package-at-all";\nexport default nothing;',
  "cannot-build.ts": `import { defineJob } from "millrace";
export default defineJob("unbuilt", () => {
  throw new Error("--colour must be red or blue");
});`,
  "arguments.ts": `import { parseArgs } from "node:util";
import { defineJob, MillraceError } from "millrace";
export default defineJob("painter", (env, args) => {
  const { values } = parseArgs({ args: [...args], options: { colour: { type: "string", default: "red" } } });
  if (values.colour !== "red") throw new MillraceError("MR2113", "--colour must be red, not " + values.colour);
  env.fromData(values.colour).print();
}, { usage: "  --colour C  red (default: red)" });`,
  "refused.ts": `import { defineJob } from "millrace";
export default defineJob("refused", (env) => {
  env.setParallelism(0);
});`,
  "no-source.ts": 'import { defineJob } from "millrace";\nexport default defineJob("empty", () => undefined);',
  "fails.ts": `import { defineJob } from "millrace";
export default defineJob("failing", (env) => {
  env.fromSequence(1, 9).map((n) => n).name("first").map(unlucky).name("second").print();
});
function unlucky(n: number): number {
  if (n === 5) throw new RangeError("five is too much", { cause: new Error("it is odd") });
  return n;
}`,
  "deep.ts": `import { defineJob } from "millrace";
export default defineJob("deep", (env) => {
  env.fromData(1).map((n) => n).name("first").map((n) => dig(20, n)).name("second").print();
});
function dig(levels: number, n: number): number {
  if (levels === 0) throw new Error("nothing down here");
  return dig(levels - 1, n) + 1;
}`,
  "meta.ts": `import { readFileSync } from "node:fs";
import { defineJob } from "millrace";
const text = readFileSync(new URL("greeting.txt", import.meta.url), "utf8");
export default defineJob("meta", (env) => void env.fromData(text, import.meta.filename ?? "").print());`,
  "bad-report.ts": `import { defineJob } from "millrace";
export default defineJob("reporting", (env) => void env.fromData(1).print(), {
  report() {
    throw new Error("no paper");
  },
});`,
  "greeting.txt": "good morning",
  "notes.txt": "not a job",
};

let shop: ReturnType<typeof workshop>;
beforeAll(() => {
  shop = workshop(JOBS);
});
afterAll(() => shop.remove());

/** One sentence (or line with a place in the user's code): what the user sees of each mistake. */
const WRONG: readonly (readonly [title: string, args: readonly string[], sentence: string | RegExp])[] = [
  ["no such file", ["run", "nope.ts"], "MR2101: there is no job file at nope.ts; check the path\n"],
  ["a directory", ["run", "."], "MR2102: . is no job module; name a .ts, .mts, .js or .mjs file\n"],
  ["no module", ["run", "notes.txt"], "MR2102: notes.txt is no job module; name a .ts, .mts, .js or .mjs file\n"],
  ["no default export", ["run", "no-default.ts"], /^MR2103: no-default\.ts has no default export; write: .*\n$/],
  [
    "another default export",
    ["explain", "no-job.ts"],
    /^MR2103: no-job\.ts has a default export that is no job; write: .*\n$/,
  ],
  ["a syntax error", ["run", "syntax.ts"], 'MR2111: the job cannot be compiled: syntax.ts:2:19: Unexpected ";"\n'],
  [
    "throws when loaded",
    ["run", "throws.ts"],
    /^MR2104: throws\.ts cannot be loaded: Cannot read .*\n {4}at .*throws\.ts:3:31\n$/,
  ],
  [
    "a package that is missing",
    ["run", "no-package.ts"],
    /^MR2104: .*: the package "no-such-package-at-all" is not installed; npm install .*\n$/,
  ],
  [
    "throws while building",
    ["run", "cannot-build.ts"],
    /^MR2109: the job "unbuilt" cannot be built: --colour must be red or blue\n {4}at .*cannot-build\.ts:3:9.*\n$/,
  ],
  [
    "arguments that the job refuses",
    ["run", "arguments.ts", "--", "--colour", "blue"],
    'MR2113: the job "painter" does not take its arguments: --colour must be red, not blue; -- --help shows what the job takes\n',
  ],
  [
    "arguments that the job's parser refuses",
    ["explain", "arguments.ts", "--", "--size", "3"],
    /^MR2113: the job "painter" does not take its arguments: Unknown option '--size'; -- --help shows what the job takes\n$/,
  ],
  ["refused while building", ["run", "refused.ts"], /^MR1027: .*not 0\n {4}at .*refused\.ts:3:7.*\n$/],
  ["a graph that cannot run", ["run", "no-source.ts"], /^MR1020: the job has no source: .*\n$/],
  [
    "parallelism 0",
    ["run", "good.ts", "--parallelism", "0"],
    'MR2108: --parallelism must be a whole number, 1 or more, not "0"\n',
  ],
  [
    "an option that does not exist",
    ["run", "good.ts", "--config", "paralelism.default=2"],
    'MR2001: there is no option "paralelism.default"; did you mean "parallelism.default"?\n',
  ],
  [
    "a format that does not exist",
    ["explain", "good.ts", "--format", "xml"],
    'MR2107: --format must be text, json or dot, not "xml"\n',
  ],
  [
    "a restore path that does not exist",
    ["run", "good.ts", "--restore", "kept/chk-3"],
    /job "good" failed: MR5001: there is no readable checkpoint at ".*kept\/chk-3"; check the path\n$/,
  ],
  [
    "a flag that does not exist",
    ["run", "good.ts", "--parallelsm", "2"],
    /^unknown option '--parallelsm'\n\(Did you mean --parallelism\?\)\n\(options of the job itself stand after --/,
  ],
  ["no job", ["run"], /^missing required argument 'job'\n/],
  ["a command that does not exist", ["rnu"], /^unknown command 'rnu'\n\(Did you mean run\?\)\n/],
];

describe.concurrent("wrong use", () => {
  test.each(WRONG)("%s", async (_title, args, sentence) => {
    const { code, stdout, stderr } = await millrace(args, { cwd: shop.path });
    const told = stderr.replace(/^millrace: operator .* has state but no uid.*\n/gm, "");
    expect(told).toMatch(/^millrace: /);
    if (typeof sentence === "string") expect(told).toBe(`millrace: ${sentence}`);
    else expect(told.slice("millrace: ".length)).toMatch(sentence);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe.concurrent("a run", () => {
  test("without arguments shows what there is", async () => {
    const { code, stderr } = await millrace([], { cwd: shop.path });
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: millrace");
  });

  test("prints help and version", async () => {
    const [help, version] = await Promise.all([millrace(["--help"]), millrace(["--version"])]);
    expect([help.code, version.code]).toEqual([0, 0]);
    expect(help.stdout).toContain("130 ended by Ctrl-C");
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("prints the job's own help instead of running it", async () => {
    const [run, explain, without] = await Promise.all([
      millrace(["run", "arguments.ts", "--", "--colour", "blue", "--help"], { cwd: shop.path }),
      millrace(["explain", "arguments.ts", "--", "-h"], { cwd: shop.path }),
      millrace(["run", "good.ts", "--", "--help"], { cwd: shop.path }),
    ]);
    for (const { code, stdout, stderr } of [run, explain])
      expect([code, stdout, stderr]).toEqual([0, "  --colour C  red (default: red)\n", ""]);
    expect(without.stdout).toContain("--help> 1\n");
  });

  test("of TypeScript hands over arguments", async () => {
    const { code, stdout, stderr } = await millrace(["run", "good.ts", "--", "sum"], { cwd: shop.path });
    expect(stdout).toMatch(/^sum> 1\nsum> 2\nsum> 4\ngood: 3 records in .*, 1 checkpoint, 0 restarts\n$/);
    expect(code).toBe(0);
    // No checkpoint of it outlives the process, so that nobody needs uids.
    expect(stderr).toBe("");
  });

  test("of JavaScript needs no compiler", async () => {
    const { code, stdout } = await millrace(["run", "good.mjs"], { cwd: shop.path });
    expect(stdout).toMatch(/^said\nplain: 1 record in /);
    expect(code).toBe(0);
  });

  test("of TypeScript sees its own place, not that of the bundle", async () => {
    const { stdout } = await millrace(["run", "meta.ts"], { cwd: shop.path });
    expect(stdout).toMatch(/^good morning\n.*meta\.ts\nmeta: 2 records/);
  });

  test("that fails names operator, subtask, cause and the user's lines, once", async () => {
    const { code, stdout, stderr } = await millrace(["run", "fails.ts"], { cwd: shop.path });
    expect(stdout).toBe("1\n2\n3\n4\n");
    const place = `(${join(shop.path, "fails.ts")}:6:66)`;
    // V8 may add by which name it was called.
    expect(stderr.replace(" [as map]", "")).toBe(
      [
        'millrace: job "failing" failed: MR3001: operator "second" (1/1) failed: five is too much',
        "  caused by: it is odd",
        `    at MapOperator.unlucky ${place}`,
        "",
      ].join("\n"),
    );
    expect(code).toBe(1);
  });

  test("that fails deep inside a function names the operator all the same", async () => {
    const { stderr } = await millrace(["run", "deep.ts"], { cwd: shop.path });
    expect(stderr).toContain('MR3001: operator "second" (1/1) failed: nothing down here\n');
  });

  test("whose report fails has finished all the same", async () => {
    const { code, stdout, stderr } = await millrace(["run", "bad-report.ts"], { cwd: shop.path });
    expect(stdout).toMatch(/^1\nreporting: 1 record in /);
    expect(stderr).toMatch(
      /^millrace: MR2112: the job "reporting" has finished, but its report failed: no paper\n {4}at .*bad-report\.ts:4:11\)?\n$/,
    );
    expect(code).toBe(1);
  });

  test("warns of missing uids where the state outlives the process, and of a directory that nobody writes to", async () => {
    const { code, stderr } = await millrace(["run", "good.ts", "--checkpoint-dir", "kept"], { cwd: shop.path });
    expect(stderr).toContain('millrace: operator "Reduce" (#1) has state but no uid: give it one');
    expect(stderr).toContain(
      "millrace: the job takes no checkpoints, so --checkpoint-dir does nothing; add --config execution.checkpointing.interval=10s",
    );
    expect(code).toBe(0);
  });
});

describe.concurrent("explain", () => {
  test("names the job, and what the flags say", async () => {
    const { code, stdout, stderr } = await millrace(["explain", "good.ts", "--parallelism", "2"], { cwd: shop.path });
    expect(stdout).toContain('Job "good": ');
    expect(stdout).toContain("Slots needed: 2\n");
    expect(stdout).toContain('  - operator "Reduce" (#1) has state but no uid');
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("prints JSON that can be read", async () => {
    const { stdout } = await millrace(["explain", "good.ts", "--format", "json"], { cwd: shop.path });
    expect(JSON.parse(stdout)).toMatchObject({ name: "good", vertices: [{ index: 0 }, { index: 1 }] });
  });
});

/** Runs last: while others are at work, there are bundles. */
test("no bundle is left behind, and no directory that was made for one", () => {
  expect(existsSync(join(shop.path, "node_modules"))).toBe(false);
});
