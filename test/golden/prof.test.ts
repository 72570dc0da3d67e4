import { test } from "vitest";
import { Session } from "node:inspector";
import { writeFileSync } from "node:fs";
import { WatermarkStrategy, tumbling } from "../../core/index.ts";
import { CALM, runGolden } from "./loop.ts";
import type { GoldenPipeline } from "./loop.ts";
import { listSource } from "./stuttering-source.ts";
const splits = Array.from({ length: 4 }, (_, split) => Array.from({ length: 60 }, (_, i) => ({ value: { split, i, key: `k${(i * 7 + split) % 5}` }, timestampMs: i * 10 - ((i * 13) % 30) })));
const pipeline: GoldenPipeline = { name: "first", build({ read, write }) {
    const s = read(listSource("src", splits), WatermarkStrategy.forBoundedOutOfOrderness(30), "src");
    write(s.keyBy((r) => r.key).window(tumbling(50)).aggregate({ createAccumulator: () => 0, add: (_r, n) => n + 1, getResult: (n) => n, merge: (a, b) => a + b }).uid("w").map((w) => ({ lane: w.key, value: [w.window.startMs, w.value] })));
  } };
test("prof", async () => {
  const session = new Session(); session.connect();
  session.post("Profiler.enable"); session.post("Profiler.start");
  const t = process.cpuUsage();
  let cps = 0;
  for (let seed = 0; seed < 30; seed++) cps += (await runGolden(pipeline, { ...CALM, seed, burst: 3, checkpointMs: 3, legs: [{ parallelism: 3 }] })).checkpoints;
  const u = process.cpuUsage(t); console.log("cpu ms/run", u.user / 30000, u.system / 30000, "cps", cps / 30);
  await new Promise<void>((r) => session.post("Profiler.stop", (_e, p) => { 
    const self = new Map<string, number>(); const prof = p.profile; const dt = prof.timeDeltas ?? []; const byId = new Map(prof.nodes.map((n) => [n.id, n]));
    (prof.samples ?? []).forEach((id, i) => { const n = byId.get(id); const k = n ? `${n.callFrame.functionName} ${n.callFrame.url.split("/").slice(-2).join("/")}:${n.callFrame.lineNumber}` : "?"; self.set(k, (self.get(k) ?? 0) + (dt[i] ?? 0)); });
    console.log([...self].sort((a, b) => b[1] - a[1]).slice(0, 30).map(([k, v]) => `${(v / 1000).toFixed(0)} ${k}`).join("\n")); r(); }));
}, 60000);
