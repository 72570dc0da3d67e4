/** Failures: what the client is told, what is closed before the next attempt, and when there is none. */
import { describe, expect, test } from "vitest";
import type { Source, SourceSplit } from "../../../core/index.ts";
import { rejection, Scene, throwingAt, upTo } from "./scene.ts";

/** Its stack knows no operator. */
function madeElsewhere(): Error {
  return new Error("made elsewhere");
}

const NO_RESTART = { "restart-strategy.type": "none" };

describe("a failure that the job does not survive", () => {
  test.each([
    ["a text", "paper jam", "paper jam"],
    ["an object", { code: 5 }, '{"code":5}'],
    ["an error made elsewhere", madeElsewhere(), "made elsewhere"],
  ])("of which nobody knows the operator names the task: %s", async (_what, thrown, sentence) => {
    const scene = new Scene();
    const env = scene.env(NO_RESTART);
    const refuse = (): number => {
      // oxlint-disable-next-line typescript/only-throw-error -- the code of a job may throw anything
      throw thrown;
    };
    scene.commit(
      scene
        .numbers(env, 3)
        .map((n) => n)
        .map(refuse),
    );
    await scene.play(async () => {
      const { message, cause } = await rejection(scene.start(env).result());
      expect(message).toMatch(/^MR3001: task "Source: numbers -> Map -> Map -> Sink: out" \(1\/1\) failed: /);
      expect(message.endsWith(`failed: ${sentence}`)).toBe(true);
      expect(cause).toBe(thrown);
    });
  });

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
      expect((error.cause as Error).stack).toContain("failures.test.ts"); // toEqual said that it is one
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
      const { message, cause } = await rejection(scene.start(env).result());
      expect(message).toBe('MR3001: operator "lookup" (1/1) failed: no database');
      expect(cause).toEqual(new Error("no database"));
    });
  });

  test.each([0, 1, 2, 3, 4])(
    "in a reader's start, while other functions are still being opened: the failed attempt is closed before the next begins, %i",
    async (seed) => {
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
      scene.commit(
        numbers
          .keyBy((n) => n % 3)
          .reduce((_left, right) => right)
          .uid("last"),
      );
      await scene.play(async () => expect((await scene.start(env).result()).restarts).toBe(1));
      expect(log).toEqual(["start 1", "close 1", "start 2", "close 2"]);
      expect(scene.committed).toEqual(upTo(10));
    },
  );

  test("in close, after everything was committed", async () => {
    const scene = new Scene();
    const env = scene.env(NO_RESTART);
    scene.commit(
      scene
        .numbers(env, 3)
        .map({ map: (n: number) => n, close: () => Promise.reject(new Error("still in use")) })
        .name("lookup"),
    );
    await scene.play(async () => {
      expect((await rejection(scene.start(env).result())).message).toBe(
        'MR3001: operator "lookup" (1/1) failed: still in use',
      );
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
