/** Where time begins when a job starts from a savepoint whose operators had come to its end: a drained one, or one with a branch that had ended. */
import { describe, expect, test } from "vitest";
import type { AggregateFunction, Collector, DataStream } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { tumbling, value, WatermarkStrategy } from "../../../core/index.ts";
import { Gate } from "../../sim/gate.ts";
import { Scene } from "./scene.ts";

const counting: AggregateFunction<number, number, number> = {
  createAccumulator: () => 0,
  add: (_n, count) => count + 1,
  getResult: (count) => count,
};

function total(scene: Scene): number {
  return scene.committed.reduce<number>((sum, count) => sum + Number(count), 0);
}

describe("a drained savepoint", () => {
  const monotonous = WatermarkStrategy.forMonotonousTimestamps<number>();

  test.each(["the source", "an assigner in mid-stream"])(
    "starts time anew: no record is late, with watermarks made by %s",
    async (where) => {
      const scene = new Scene();
      const build = (path: string): LocalJob => {
        const env = scene.env(path === "" ? {} : { "execution.state-recovery.path": path });
        const strategy = where === "the source" ? monotonous : WatermarkStrategy.noWatermarks<number>();
        const numbers = scene.numbers(env, 300, { strategy });
        const timed = where === "the source" ? numbers : numbers.assignTimestampsAndWatermarks(monotonous).uid("time");
        const windows = timed.keyBy(() => 0).window(tumbling(10));
        scene.commit(
          windows
            .aggregate(counting)
            .uid("windows")
            .map((result) => result.value),
        );
        return scene.start(env);
      };
      await scene.play(async () => {
        const job = build("");
        scene.gate.closeAt(105);
        await scene.gate.reached(105);
        const path = await job.stopWithSavepoint({ directory: "/savepoints", drain: true });
        await build(path).result();
      });
      expect(total(scene)).toBe(300);
    },
  );
});

describe("a branch that had ended", () => {
  function lastSeen(numbers: DataStream<number>): DataStream<string> {
    return numbers
      .keyBy(() => 0)
      .process({
        state: { last: value({ default: 0 }) },
        processElement(n, ctx, out: Collector<string>) {
          ctx.state.last.update(n);
          out.collect(`${n} ${ctx.currentWatermarkMs === Infinity ? "at the end of time" : "in time"}`);
        },
      })
      .uid("last");
  }

  test("begins time anew if the next version of the job gives it another input", async () => {
    const scene = new Scene();
    const build = (path: string): LocalJob => {
      const env = scene.env(path === "" ? {} : { "execution.state-recovery.path": path });
      const short = scene.numbers(env, 20, { name: "short", gate: new Gate() });
      const input = path === "" ? short : short.union(scene.numbers(env, 50, { name: "added", gate: new Gate() }));
      scene.commit(lastSeen(input), "branch");
      scene.commit(scene.numbers(env, 200, { name: "long" }), "other branch");
      return scene.start(env);
    };
    await scene.play(async () => {
      const job = build("");
      scene.gate.closeAt(50);
      await scene.gate.reached(50);
      await scene.pause(50);
      const path = await job.stopWithSavepoint({ directory: "/savepoints" });
      await build(path).result();
    });
    const seen = scene.committed.filter((line): line is string => typeof line === "string");
    expect(seen).toHaveLength(70);
    expect(seen.filter((line) => line.endsWith("at the end of time"))).toEqual([]);
  });
});
