/** What a client reads from a whole job: all metrics of docs/metrics.md, under the scopes named there, and nothing else; and what is said aloud instead. */
// covers: core/cluster/source-records.ts
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tumbling } from "../../../core/index.ts";
import type { Collector, MetricSample, Sink } from "../../../core/index.ts";
import { sourceRecords } from "../../../core/cluster/source-records.ts";
import { Scene } from "./scene.ts";

/** `scope name`, as the page has them; those of connectors belong to operators of the connector. */
function documented(): Set<string> {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const rows = page.matchAll(/^\| `(?<name>[^`]+)` \| (?<scopes>[a-z, ]+) \|/gm);
  return new Set(
    [...rows].flatMap(({ groups }) =>
      (groups?.["scopes"] ?? "").split(", ").map((scope) => `${scope} ${groups?.["name"] ?? ""}`),
    ),
  );
}

function placeOf({ name, scope }: MetricSample): string {
  const kind = scope.operator === undefined ? (scope.task === undefined ? "job" : "task") : "operator";
  return `${kind} ${name.replace(/^currentInput\d+Watermark$/, "currentInput<N>Watermark")}`;
}

/** Windows, two inputs and a committing sink: every kind of operator that says something of itself. */
async function everything(): Promise<readonly MetricSample[]> {
  const scene = new Scene();
  const env = scene.env({ "execution.checkpointing.interval": 5 });
  const sums = scene
    .numbers(env, 100, { name: "left" })
    .keyBy((n) => n % 3)
    .window(tumbling(10))
    .reduce((a, b) => a + b)
    .uid("sums");
  const both = sums
    .map((sum) => sum.value)
    .connect(scene.numbers(env, 100, { name: "right" }).filter((n) => n % 2 === 0))
    .process({
      processElement1: (n, _ctx, out: Collector<number>) => out.collect(n),
      processElement2: (n, _ctx, out: Collector<number>) => out.collect(n),
    })
    .uid("both");
  scene.commit(both);
  return scene.play(async () => {
    const job = scene.start(env);
    await job.result();
    return job.metrics();
  });
}

describe("the metrics of a job", () => {
  test("are those of docs/metrics.md, where it says", async () => {
    const read = new Set((await everything()).map(placeOf));
    const ours = [...documented()].filter((place) => /^(?:job|task|operator) /.test(place));
    expect([...read].toSorted()).toEqual(ours.toSorted());
  });

  test("tell the records of the sources apart from those that operators pass on", async () => {
    const scene = new Scene();
    const env = scene.env({ "metrics.operator-records": true });
    scene.commit(
      scene
        .numbers(env, 60)
        .filter((n) => n > 20)
        .keyBy((n) => n % 2)
        .reduce((a, b) => a + b)
        .uid("sum"),
    );
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await job.result()).records).toBe(60);
      expect(sourceRecords(job.metrics())).toBe(60);
      const all = job.metrics().filter(({ name, scope }) => name === "numRecordsIn" && scope.operator !== undefined);
      expect(all.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual([39, 39, 60, 60]);
    });
  });
});

test("what a committer gives up for a known reason is said, with the operator and the reason", async () => {
  const scene = new Scene();
  const env = scene.env();
  const sink: Sink<number, never, number> = {
    createWriter() {
      const written: number[] = [];
      return {
        write: (n) => void written.push(n),
        prepareCommit: () => written.splice(0),
      };
    },
    createCommitter: () => ({
      commit(requests) {
        for (const request of requests)
          if (request.committable < 12) request.signalFailedWithKnownReason(new Error("transaction expired"));
          else if (request.committable === 20) request.signalFailedWithKnownReason("no such table");
      },
    }),
  };
  scene.numbers(env, 30).sinkTo(sink).name("expiring").uid("expiring");
  await scene.play(async () => {
    await scene.start(env).result();
  });
  const where = 'millrace: job "scene": operator "Sink: expiring" (1/1):';
  expect(scene.world.warnings).toEqual([
    `${where} the sink gave up 12 committables of checkpoint 1, whose records are lost: transaction expired`,
    `${where} the sink gave up 1 committable of checkpoint 1, whose records are lost: no such table`,
  ]);
});
