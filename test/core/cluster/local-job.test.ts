/** What the client of a job in this process sees: status, cancel, failures with their cause, restarts, accumulators, metrics, slots. */
// covers: core/cluster/job-master.ts
// covers: core/cluster/compose-job.ts
// covers: core/cluster/task-manager.ts
// covers: core/runtime/task-execution.ts
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { RuntimeContext, Source, SourceSplit } from "../../../core/index.ts";
import { rejection, Scene, upTo } from "./scene.ts";

const NO_RESTART = { "restart-strategy.type": "none" };

/** Throws at each of these numbers, at most `times` times in all. */
function throwingAt(numbers: readonly number[], times: number, onThrow: () => void = () => undefined): (n: number) => number {
  let left = times;
  return (n) => {
    if (numbers.includes(n) && left > 0) {
      left -= 1;
      onThrow();
      throw new RangeError("boom");
    }
    return n;
  };
}

/** A promise, and what settles it. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describe("status", () => {
  test("of a job that ends", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 30));
    scene.gate.closeAt(10);
    await scene.play(async () => {
      const job = scene.start(env);
      expect(job.status()).toBe("CREATED");
      await scene.gate.reached(10);
      expect(job.status()).toBe("RUNNING");
      scene.gate.open();
      const result = await job.result();
      expect(job.status()).toBe("FINISHED");
      expect(result).toMatchObject({ jobName: "scene", records: 30, restarts: 0 });
    });
    expect(scene.committed).toEqual(upTo(30));
  });

  test("of a job that waits for its restart", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.delay": 1_000 });
    const failed = signal();
    scene.commit(scene.numbers(env, 30).map(throwingAt([20], 1, failed.give)));
    await scene.play(async () => {
      const job = scene.start(env);
      await failed.given;
      await scene.pause(500);
      expect(job.status()).toBe("RESTARTING");
      expect((await job.result()).restarts).toBe(1);
    });
    expect(scene.committed).toEqual(upTo(30));
  });
});

describe("cancel", () => {
  test("closes everything, and result() says so", async () => {
    const scene = new Scene();
    const env = scene.env();
    const closed: number[] = [];
    const numbers = scene.numbers(env, 30).map({ map: (n: number) => n, close: async () => void closed.push(1) });
    scene.commit(numbers);
    scene.gate.closeAt(10);
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(10);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
      expect(await rejection(job.result())).toMatchObject({ code: "MR7004" });
      await job.cancel();
    });
    expect(closed).toEqual([1]);
    expect(scene.committed).toEqual([]);
  });

  test("while functions are being opened", async () => {
    const scene = new Scene();
    const env = scene.env();
    const calls: string[] = [];
    const opened = new Promise<void>((resolve) => {
      const slow = {
        open: async () => {
          resolve();
          await scene.pause(100);
          calls.push("opened");
        },
        map: (n: number) => n,
        close: () => void calls.push("closed"),
      };
      scene.commit(scene.numbers(env, 30).map(slow));
    });
    await scene.play(async () => {
      const job = scene.start(env);
      await opened;
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(calls).toEqual(["opened", "closed"]);
  });

  test("while the job waits for its restart", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.delay": 1_000 });
    const failed = signal();
    scene.commit(scene.numbers(env, 30).map(throwingAt([20], 1, failed.give)));
    await scene.play(async () => {
      const job = scene.start(env);
      await failed.given;
      await scene.pause(500);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(scene.committed).toEqual([]);
  });

  test("right after the start", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 30));
    await scene.play(async () => {
      const job = scene.start(env);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(scene.committed).toEqual([]);
  });
});

describe("a failure that the job does not survive", () => {
  test("names operator and subtask, with the user's error as its cause", async () => {
    const scene = new Scene();
    const env = scene.env({ ...NO_RESTART, "parallelism.default": 2 });
    const numbers = scene.numbers(env, 30, { splits: 2 }).map((n) => {
      if (n === 21) throw new RangeError("odd flight");
      return n;
    });
    scene.commit(numbers.name("check"));
    await scene.play(async () => {
      const job = scene.start(env);
      const error = await rejection(job.result());
      expect(error.message).toContain("MR3001");
      expect(error.message).toContain('"check" (2/2)');
      expect(error.message).toContain("odd flight");
      expect(error.cause).toEqual(new RangeError("odd flight"));
      expect((error.cause as Error).stack).toContain("local-job.test.ts"); // toEqual said that it is one
      expect(job.status()).toBe("FAILED");
    });
    expect(scene.committed).toEqual([]);
  });

  test.each([
    ["open", { open: () => Promise.reject(new Error("no database")), map: (n: number) => n }],
    [
      "a constructor",
      class {
        constructor() {
          throw new Error("no database");
        }
        map(n: number): number {
          return n;
        }
      },
    ],
  ])("in %s", async (_where, fn) => {
    const scene = new Scene();
    const env = scene.env(NO_RESTART);
    scene.commit(scene.numbers(env, 3).map(fn).name("lookup"));
    await scene.play(async () => {
      const error = await rejection(scene.start(env).result());
      expect(error.message).toContain("no database");
      expect(error.message).toContain("lookup");
    });
  });

  test.each([0, 1, 2, 3, 4])("in a reader's start, while other functions are still being opened: the failed attempt is closed before the next begins, %i", async (seed) => {
    const scene = new Scene({ seed });
    const env = scene.env();
    const log: string[] = [];
    const numbers = scene.numbers(env, 10);
    const spec = env.getStreamGraph().nodes[0]?.spec.parameters["source"] as Source<number, SourceSplit>; // put there by `fromSource`
    const createReader = spec.createReader.bind(spec);
    let attempts = 0;
    spec.createReader = (ctx) => {
      const reader = createReader(ctx);
      attempts += 1;
      const attempt = attempts;
      const start = reader.start?.bind(reader);
      reader.start = () => {
        log.push(`start ${attempt}`);
        if (attempt === 1) throw new Error("no connection");
        start?.();
      };
      reader.close = async () => {
        await scene.pause(5);
        log.push(`close ${attempt}`);
      };
      return reader;
    };
    scene.commit(numbers.keyBy((n) => n % 3).reduce((_left, right) => right).uid("last"));
    await scene.play(async () => expect((await scene.start(env).result()).restarts).toBe(1));
    expect(log).toEqual(["start 1", "close 1", "start 2", "close 2"]);
    expect(scene.committed).toEqual(upTo(10));
  });

  test("in close, after everything was committed", async () => {
    const scene = new Scene();
    const env = scene.env(NO_RESTART);
    scene.commit(scene.numbers(env, 3).map({ map: (n: number) => n, close: () => Promise.reject(new Error("still in use")) }));
    await scene.play(async () => {
      expect((await rejection(scene.start(env).result())).message).toContain("still in use");
    });
    expect(scene.committed).toEqual(upTo(3));
  });

  test("of the source's coordinator", async () => {
    const scene = new Scene({ faults: { enumerator: [1] } });
    const env = scene.env({ ...NO_RESTART, "execution.checkpointing.interval": 1 });
    scene.commit(scene.numbers(env, 100));
    // A checkpoint that an enumerator refuses is not counted as failed: the next one may go.
    await scene.play(async () => expect((await scene.start(env).result()).restarts).toBe(0));
    expect(scene.committed).toEqual(upTo(100));
  });
});

describe("restart strategies", () => {
  test("fixed delay gives up after its attempts, with the last cause", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.attempts": 2, "execution.checkpointing.interval": 2 });
    scene.commit(scene.numbers(env, 90).map(throwingAt([50], 3)));
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await rejection(job.result())).message).toContain("boom");
      expect(job.status()).toBe("FAILED");
    });
    expect(scene.world.warnings.filter((line) => line.includes("restarting in 0 ms"))).toHaveLength(2);
    const committed = scene.committed;
    expect(committed).toEqual(upTo(50).slice(0, committed.length));
  });

  test("fixed delay survives as many failures as it has attempts", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.attempts": 2, "execution.checkpointing.interval": 2 });
    scene.commit(scene.numbers(env, 90).map(throwingAt([50, 60], 2)));
    await scene.play(async () => expect((await scene.start(env).result()).restarts).toBe(2));
    expect(scene.committed).toEqual(upTo(90));
  });

  test("failure rate gives up when failures are frequent", async () => {
    const scene = new Scene();
    const env = scene.env({
      "restart-strategy.type": "failure-rate",
      "restart-strategy.failure-rate.max-failures-per-interval": 2,
      "restart-strategy.failure-rate.delay": 0,
      "execution.checkpointing.interval": 2,
    });
    scene.commit(scene.numbers(env, 90).map(throwingAt([50], 5)));
    await scene.play(async () => expect((await rejection(scene.start(env).result())).message).toContain("boom"));
  });

  test("without checkpoints and a strategy, the first failure is the last", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.type": "" });
    scene.commit(scene.numbers(env, 30).map(throwingAt([20], 1)));
    await scene.play(async () => expect((await rejection(scene.start(env).result())).message).toContain("boom"));
    expect(scene.committed).toEqual([]);
  });
});

describe("accumulators", () => {
  /** Counts in the accumulator what it passes on. */
  function counting(): { open(ctx: RuntimeContext): void; map(n: number): number } {
    let add: (amount: number) => void = () => undefined;
    return {
      open: (ctx) => {
        add = (amount) => ctx.accumulate("seen", amount);
      },
      map: (n) => {
        add(1);
        return n;
      },
    };
  }

  test("are added up over the subtasks", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3 });
    scene.commit(scene.numbers(env, 30, { splits: 3 }).map(counting()));
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await job.result()).accumulators).toEqual({ seen: 30 });
      expect(job.accumulators()).toEqual({ seen: 30 });
    });
  });

  test("begin anew with each attempt", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 30).map(counting()).map(throwingAt([20], 1)));
    await scene.play(async () => expect((await scene.start(env).result()).accumulators).toEqual({ seen: 30 }));
  });
});

test("metrics have Flink's names, per job, task and operator", async () => {
  const scene = new Scene();
  const env = scene.env({ "execution.checkpointing.interval": 2, "parallelism.default": 2 });
  const keyed = scene
    .numbers(env, 60, { splits: 2 })
    .keyBy((n) => n % 5)
    .sum((n) => n)
    .name("sum")
    .uid("sum");
  scene.commit(keyed);
  const samples = await scene.play(async () => {
    const job = scene.start(env);
    await job.result();
    return job.metrics();
  });
  const valueOf = (name: string, operator?: string): number =>
    samples.filter((sample) => sample.name === name && (operator === undefined ? sample.scope.operator === undefined : sample.scope.operator === operator)).reduce((sum, { value }) => sum + Number(value), 0);
  expect(valueOf("numRecordsIn", "Source: numbers")).toBe(60);
  expect(valueOf("numRecordsSend", "Sink: out")).toBe(60);
  expect(valueOf("numberOfCompletedCheckpoints")).toBeGreaterThan(0);
  expect(valueOf("numRestarts")).toBe(0);
  const names = new Set(samples.map(({ name }) => name));
  for (const name of ["lastCheckpointDuration", "lastCheckpointSize", "accumulateBusyTimeMs", "accumulateIdleTimeMs", "accumulateBackPressuredTimeMs", "checkpointAlignmentTime", "totalCommittables"]) {
    expect(names).toContain(name);
  }
});

describe("slots", () => {
  test("too few are refused at once, with what is needed", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 2 });
    scene.commit(scene.numbers(env, 3));
    expect(() => scene.start(env)).toThrow(/MR7001.*3.*2/s);
    const real = StreamExecutionEnvironment.create({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 2 });
    real.fromSequence(1, 3).discard();
    await expect(real.execute()).rejects.toMatchObject({ code: "MR7001" });
  });

  test("as many as needed are enough", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 3 });
    scene.commit(scene.numbers(env, 3));
    await scene.play(() => scene.start(env).result());
    expect(scene.committed.toSorted()).toEqual(upTo(3));
  });
});
