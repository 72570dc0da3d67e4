import { expect, test } from "vitest";
import { WatermarkStrategy, tumbling, value } from "../../core/index.ts";
import { CALM, lanesOf, runGolden } from "./loop.ts";
import type { GoldenPipeline, Plan } from "./loop.ts";
import { listSource } from "./stuttering-source.ts";

const splits = Array.from({ length: 4 }, (_, split) => Array.from({ length: 60 }, (_, i) => ({ value: { split, i, key: `k${(i * 7 + split) % 5}` }, timestampMs: i * 10 - ((i * 13) % 30) })));

const pipeline: GoldenPipeline = {
  name: "first",
  build({ read, write }) {
    const s = read(listSource("src", splits), WatermarkStrategy.forBoundedOutOfOrderness(30), "src");
    const counted = s.keyBy((r) => r.key).window(tumbling(50)).aggregate({ createAccumulator: () => 0, add: (_r, n) => n + 1, getResult: (n) => n, merge: (a, b) => a + b }).uid("w");
    write(counted.map((w) => ({ lane: w.key, value: [w.window.startMs, w.value] })));
    write(s.map((r) => ({ lane: `${r.split}/${r.key}`, value: r.i })).keyBy((o) => o.lane).process({ state: { n: value({ default: 0 }) }, processElement(o, ctx, out: { collect(v: { lane: string; value: unknown }): void }) { const n = ctx.state.n.value() + 1; ctx.state.n.update(n); out.collect({ lane: o.lane, value: [o.value, n] }); } }).uid("p"), "raw");
  },
};

test("calm", async () => {
  const base = await runGolden(pipeline, CALM);
  expect(base.outside.commits.length).toBeGreaterThan(240);
  const plans: Partial<Plan>[] = [];
  for (const p of [1, 2, 3, 5]) for (const how of ["suspend", "savepoint", "checkpoint"] as const) plans.push({ legs: [{ parallelism: p, stop: { how, after: 100, slack: 20 } }, { parallelism: (p % 5) + 1 }] });
  for (const p of [1, 3]) for (const site of ["record", "snapshot", "commit-before", "commit-after", "write", "write-unknown", "read", "enumerator", "delete"] as const) plans.push({ legs: [{ parallelism: p }], faults: { [site]: [3, 8] } });
  for (const [seed, partial] of plans.entries()) {
    const plan = { ...CALM, seed, burst: 3, checkpointMs: 3, ...partial };
    const t = performance.now();
    const r = await runGolden(pipeline, plan);
    console.log(JSON.stringify(partial), "restarts", r.restarts, "cps", r.checkpoints, "stops", r.stops, (performance.now() - t).toFixed(0), "ms", [...r.struck]);
    expect(r.outside.violations).toEqual([]);
    try { expect(lanesOf(r.outside, plan)).toEqual(lanesOf(base.outside)); } catch { console.log(r.outside.commits.filter((c) => c.value.lane === 'k3').map((c) => JSON.stringify(c)).join('\n'), r.warnings); throw new Error('x');}
  }
}, 60_000);
