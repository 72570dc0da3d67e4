/** How jobs end and what must not happen then: nothing emitted behind the end or a stop, no question left unanswered, no restored idleness. */
// covers: core/runtime/task-builder.ts
// covers: core/runtime/chain.ts
import { describe, expect, test } from "vitest";
import { value, WatermarkStrategy } from "../../../core/index.ts";
import type { Collector, DataStream, Sink } from "../../../core/index.ts";
import { Gate } from "../../sim/gate.ts";
import { rejection, Scene, upTo } from "./scene.ts";

const SAVEPOINTS = "/savepoints";
const PATH = "execution.state-recovery.path";

/** Writes at once, without transactions. */
function direct(written: unknown[]): Sink<unknown> {
  return { createWriter: () => ({ write: (record) => void written.push(record) }) };
}

/** Each number at its own event time, all of which come due at once with the last watermark but one. */
function heldBack(numbers: DataStream<number>): DataStream<number> {
  return numbers
    .keyBy((n) => n % 3)
    .process({
      processElement(n, ctx) {
        ctx.timers.registerEventTime(n);
      },
      onTimer(timeMs, _ctx, out: Collector<number>) {
        out.collect(timeMs);
      },
    })
    .uid("held back");
}

/** Jumps to `jumpToMs` at the last of `count` records. */
function jumping(count: number): WatermarkStrategy<number> {
  return WatermarkStrategy.forGenerator(() => ({
    onEvent: (n, _timestampMs, out) => {
      if (n === count - 1) out.emitWatermark(count);
    },
    onPeriodicEmit: () => undefined,
  }));
}

describe("stop with savepoint", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "nothing is emitted behind the savepoint, although timers are due: seed %i",
    async (seed) => {
      const scene = new Scene({ seed });
      const written: number[] = [];
      const build = (): ReturnType<Scene["start"]> => {
        const env = scene.env({
          "taskmanager.network.in-slot-channel-capacity": 1,
          ...(path === "" ? {} : { [PATH]: path }),
        });
        const numbers = scene.numbers(env, 61, { strategy: jumping(60) });
        heldBack(numbers)
          .rebalance()
          .map((n) => n)
          .disableChaining()
          .sinkTo(direct(written))
          .uid("direct");
        if (path === "") scene.gate.closeAt(60);
        return scene.start(env);
      };
      let path = "";
      await scene.play(async () => {
        const job = build();
        await scene.gate.reached(60);
        path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
        await build().result();
      });
      expect(written.toSorted((left, right) => left - right)).toEqual(upTo(61));
    },
  );

  test("asked for before the tasks run, it waits for them", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 300));
    await scene.play(async () => {
      const job = scene.start(env);
      const path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
      const again = scene.env({ [PATH]: path });
      scene.commit(scene.numbers(again, 300));
      await scene.start(again).result();
    });
    expect(scene.committed).toEqual(upTo(300));
  });

  test.each(upTo(8))(
    "drained right after a checkpoint was asked for, that one does not contain the end: seed %i",
    async (seed) => {
      const scene = new Scene({ seed });
      const env = scene.env({ "parallelism.default": 2 });
      scene.commit(scene.numbers(env, 300, { splits: 2 }));
      scene.gate.closeAt(100);
      await scene.play(async () => {
        const job = scene.start(env);
        await scene.gate.reached(100);
        const checkpoint = job.triggerCheckpoint().catch(() => 0); // the savepoint may be complete before it
        const path = await job.stopWithSavepoint({ directory: SAVEPOINTS, drain: true });
        expect(await checkpoint).toBeLessThan(2);
        const again = scene.env({ [PATH]: path, "parallelism.default": 2 });
        scene.commit(scene.numbers(again, 300, { splits: 2 }));
        await scene.start(again).result();
      });
      expect((scene.committed as number[]).toSorted((left, right) => left - right)).toEqual(upTo(300));
    },
  );

  test("asked for twice: the second is refused, the first stops the job", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 300));
    scene.gate.closeAt(100);
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(100);
      const first = job.stopWithSavepoint({ directory: SAVEPOINTS });
      expect(await rejection(job.stopWithSavepoint({ directory: SAVEPOINTS }))).toMatchObject({ code: "MR5010" });
      await first;
      expect(job.status()).toBe("FINISHED");
    });
    expect(scene.committed).toEqual(upTo(100));
  });

  test.each(upTo(12))("asked for while the job comes to its end by itself, it harms nothing: %i", async (seed) => {
    const scene = new Scene({ seed });
    const env = scene.env({ "execution.checkpointing.interval": 3, "parallelism.default": 2 });
    scene.commit(scene.numbers(env, 40, { splits: 2 }));
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(40 - (seed % 3));
      await scene.pause((seed * 7) % 11);
      await job.stopWithSavepoint({ directory: SAVEPOINTS }).then(
        async (path) => {
          const again = scene.env({ [PATH]: path, "parallelism.default": 2 });
          scene.commit(scene.numbers(again, 40, { splits: 2 }));
          await scene.start(again).result();
        },
        () => job.result(),
      );
    });
    expect((scene.committed as number[]).toSorted((left, right) => left - right)).toEqual(upTo(40));
  });

  test("if it fails, the job starts again from its last checkpoint and goes on", async () => {
    const scene = new Scene();
    const env = scene.env({ "execution.checkpointing.interval": 1_000 });
    scene.commit(
      scene
        .numbers(env, 100)
        .keyBy((n) => n % 3)
        .reduce((_left, right) => right)
        .uid("last"),
    );
    scene.gate.closeAt(50);
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(50);
      let strikes = 1;
      const strike = scene.faults.strike.bind(scene.faults);
      scene.faults.strike = (site) => (site === "write" && strikes-- > 0) || strike(site);
      expect(await rejection(job.stopWithSavepoint({ directory: SAVEPOINTS }))).toMatchObject({ code: "MR5009" });
      scene.gate.open();
      expect((await job.result()).restarts).toBe(1);
    });
    expect(scene.committed).toEqual(upTo(100));
    expect(await scene.world.run(() => scene.world.list(SAVEPOINTS))).toEqual([]);
  });

  test.each(["commit-before", "commit-after"] as const)(
    "if a commit fails behind it (%s), the job starts again only to commit, and has ended then",
    async (site) => {
      const scene = new Scene({ faults: { [site]: [1] } });
      const env = scene.env({ "parallelism.default": 2 });
      scene.commit(scene.numbers(env, 100, { splits: 2 }));
      scene.gate.closeAt(50);
      let path = "";
      await scene.play(async () => {
        const job = scene.start(env);
        await scene.gate.reached(50);
        path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
        expect((await job.result()).restarts).toBe(1);
      });
      expect(scene.committed).toHaveLength(50);
      scene.gate.open();
      await scene.play(async () => {
        const next = scene.env({ "parallelism.default": 2, "execution.state-recovery.path": path });
        scene.commit(scene.numbers(next, 100, { splits: 2 }));
        await scene.start(next).result();
      });
      expect(scene.outside.violations).toEqual([]);
      expect((scene.committed as number[]).toSorted((left, right) => left - right)).toEqual(upTo(100));
    },
  );
});

describe("the end of the input", () => {
  test("timers of processing time that are not due are dropped, and emit nothing behind the end", async () => {
    const scene = new Scene();
    const env = scene.env();
    const late = scene
      .numbers(env, 10)
      .keyBy((n) => n % 3)
      .process({
        state: { seen: value({ default: 0 }) },
        processElement(n, ctx, out: Collector<number>) {
          ctx.timers.registerProcessingTime(ctx.processingTimeMs() + 1);
          ctx.timers.registerProcessingTime(ctx.processingTimeMs() + 500);
          out.collect(n);
        },
        onTimer(_timeMs, _ctx, out) {
          out.collect(-1);
        },
      })
      .uid("late");
    // The flush at the end takes a while, in which the timers of the task before it come due.
    const slow: Sink<number> = {
      createWriter: () => {
        let ended = false;
        return {
          write: () => {
            if (ended) scene.outside.violations.push("a record came behind the last flush");
          },
          flush: (endOfInput) => {
            ended ||= endOfInput;
            return scene.pause(1_000);
          },
        };
      },
    };
    late.sinkTo(slow).uid("slow");
    await scene.play(() => scene.start(env).result());
    expect(scene.outside.violations).toEqual([]);
  });
});

test("a bounded job waits for nothing behind its last record, although tasks finish one after the other", async () => {
  const waitedMs: number[] = [];
  for (const seed of upTo(40)) {
    const scene = new Scene({ seed });
    const env = scene.env({ "execution.checkpointing.interval": 5, "parallelism.default": 2 });
    const gates = [new Gate(), new Gate()] as const;
    heldBack(scene.numbers(env, 100, { name: "a", gate: gates[0] }))
      .sinkTo(direct([]))
      .uid("direct");
    scene.commit(scene.numbers(env, 103, { name: "b", gate: gates[1] }));
    await scene.play(async () => {
      const job = scene.start(env);
      await Promise.all([gates[0].reached(100), gates[1].reached(103)]);
      const fromMs = scene.world.clock.elapsedMs();
      await job.result();
      waitedMs.push(scene.world.clock.elapsedMs() - fromMs);
    });
  }
  // A last checkpoint that fails for another reason is tried again after a second.
  expect(waitedMs.filter((ms) => ms > 900)).toEqual([]);
});

test("idleness is not restored: a source that speaks again holds the watermark back", async () => {
  const scene = new Scene();
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>().withIdleness(5);
  const written: string[] = [];
  const build = (gates: readonly [Gate, Gate], values: Record<string, string>): ReturnType<Scene["start"]> => {
    const env = scene.env(values);
    // Their own times: the slow one is far behind.
    const quick = scene
      .numbers(env, 200, { name: "quick", gate: gates[0], strategy })
      .map((n) => ({ from: "quick", n }));
    const slow = scene.numbers(env, 100, { name: "slow", gate: gates[1], strategy }).map((n) => ({ from: "slow", n }));
    quick
      .union(slow)
      .keyBy(({ from }) => from)
      .process({
        processElement({ from, n }, ctx, out: Collector<string>) {
          if (ctx.timestampMs <= ctx.currentWatermarkMs) out.collect(`late ${from} ${n}`);
        },
      })
      .uid("late")
      .sinkTo(direct(written))
      .uid("direct");
    return scene.start(env);
  };
  await scene.play(async () => {
    const gates = [new Gate(), new Gate()] as const;
    gates[0].closeAt(20);
    gates[1].closeAt(10);
    const job = build(gates, {});
    await Promise.all([gates[0].reached(20), gates[1].reached(10)]);
    // Both fall idle, the quick one at 19, the slow one at 9; the time is that of the higher.
    await scene.pause(50);
    const path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
    expect(written).toEqual([]);
    const again = [new Gate(), new Gate()] as const;
    // The slow source speaks at once, and the quick one only after it is past 60: from 20 on nothing is late.
    again[0].closeAt(150);
    again[1].closeAt(60);
    const resumed = build(again, { [PATH]: path });
    await Promise.all([again[0].reached(150), again[1].reached(60)]);
    await resumed.cancel();
  });
  expect(written.filter((line) => Number(line.split(" ")[2]) > 20)).toEqual([]);
});
