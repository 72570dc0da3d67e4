/** Observables over restarts: what a plain one and a factory deliver, and how long a subscription lives; harness and whole jobs. */
// covers: connectors/rxjs/observable-feed.ts
// covers: core/operators/kept-for-job.ts
import { Observable, Subject, concat, from, range, throwError } from "rxjs";
import { describe, expect, test } from "vitest";
import { fromObservable } from "../../../connectors/rxjs/index.ts";
import type { FromObservableOptions, ObservableSplit } from "../../../connectors/rxjs/index.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type { DataStream, JobClient } from "../../../core/index.ts";
import type { Source } from "../../../core/operators/contracts/source.ts";
import { KeptForJob } from "../../../core/operators/kept-for-job.ts";
import { SourceHarness } from "../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../harness/source-harness.ts";

type Splits = readonly ObservableSplit[];
type Harness<T> = SourceHarness<T, ObservableSplit, Splits>;

const upTo = (count: number): number[] => [...Array(count).keys()];

describe("a plain Observable is subscribed once per job", () => {
  function attempt(
    source: Source<number, ObservableSplit, Splits>,
    kept: KeptForJob,
    restored?: SourceSnapshot<ObservableSplit, Splits>,
  ): Harness<number> {
    const harness: Harness<number> = new SourceHarness({ source, kept, restored });
    while (harness.turn(3));
    return harness;
  }

  interface Story {
    readonly first: Harness<number>;
    readonly second: Harness<number>;
  }

  /** Two attempts: the second from a checkpoint after value 0 of the first, which has then taken 1. `between` pushes what it likes. */
  async function restarted(
    between: (subject: Subject<number>) => void,
    options?: FromObservableOptions,
  ): Promise<Story> {
    const subject = new Subject<number>();
    const source = fromObservable(subject, options);
    const kept = new KeptForJob();
    const first = attempt(source, kept);
    subject.next(0);
    while (first.turn());
    const saved = first.snapshot();
    subject.next(1);
    while (first.turn());
    await first.close();
    expect(subject.observed).toBe(true);
    between(subject);
    const second = attempt(source, kept, saved);
    expect(first.values).toEqual([0, 1]);
    kept.close();
    expect(subject.observed).toBe(false);
    return { first, second };
  }

  test("values between two attempts wait in the buffer, none comes twice", async () => {
    const { second } = await restarted((subject) => [2, 3, 4, 5].forEach((value) => subject.next(value)));
    expect(second.values).toEqual([2, 3, 4, 5]);
    expect(second.snapshot().splits).toEqual([{ splitId: "observable", position: 6 }]);
  });

  test.each([
    ["drop-oldest", [4, 5]],
    ["drop-newest", [2, 3]],
  ] as const)("the buffer is bounded meanwhile: %s", async (onFull, expected) => {
    const { second } = await restarted((subject) => [2, 3, 4, 5].forEach((value) => subject.next(value)), {
      buffer: { capacity: 2, onFull },
    });
    expect(second.values).toEqual(expected);
    expect(second.metrics.read("numRecordsDropped")).toBe(2);
  });

  test("a full buffer between two attempts fails the next one, for good", async () => {
    const { second } = await restarted((subject) => [2, 3, 4].forEach((value) => subject.next(value)), {
      buffer: { capacity: 2 },
    });
    expect(second.failure).toMatchObject({ code: "MR6201", retryable: false });
  });

  test("so does an error, with its cause", async () => {
    const cause = new Error("sensor unplugged");
    const { second } = await restarted((subject) => subject.error(cause));
    expect(second.failure).toMatchObject({ code: "MR6202", cause, retryable: false });
  });

  test("completed between two attempts, it ends the next one behind what waits", async () => {
    const { second } = await restarted((subject) => {
      subject.next(2);
      subject.complete();
    });
    expect(second.values).toEqual([2]);
    expect(second.ended).toBe(true);
  });

  test("a reader that closes late does not take the subscription from its successor", async () => {
    const subject = new Subject<number>();
    const source = fromObservable(subject);
    const kept = new KeptForJob();
    const first = attempt(source, kept);
    const second = attempt(source, kept);
    await first.close();
    subject.next(7);
    while (second.turn());
    expect([first.values, second.values]).toEqual([[], [7]]);
    kept.close();
  });

  test("another job subscribes anew, also from a savepoint", async () => {
    const source = fromObservable(from([1, 2, 3]));
    const one: Harness<number> = new SourceHarness({ source });
    while (one.records.length === 0) one.turn(1);
    const saved = one.snapshot();
    await one.close();
    const two: Harness<number> = new SourceHarness({ source, restored: saved });
    await two.run();
    expect([one.values, two.values]).toEqual([[1], [1, 2, 3]]);
  });
});

test("what is kept is closed when the job is over, all of it", () => {
  const kept = new KeptForJob();
  const closed: number[] = [];
  const keep = (subtask: number, close: () => void): unknown => kept.keep(subtask, () => ({ close }));
  const first = keep(0, () => {
    throw new Error("a teardown that fails");
  });
  expect(keep(0, () => closed.push(0))).toBe(first);
  keep(1, () => closed.push(1));
  kept.close();
  kept.close();
  expect(closed).toEqual([1]);
});

describe("whole jobs", () => {
  const NONE = WatermarkStrategy.noWatermarks<number>();

  function environment(): StreamExecutionEnvironment {
    return StreamExecutionEnvironment.create({
      "restart-strategy.type": "fixed-delay",
      "restart-strategy.fixed-delay.attempts": 3,
      "restart-strategy.fixed-delay.delay": 0,
      "execution.checkpointing.interval": 5,
    });
  }

  /** Fails once, at that value. */
  function failingAt(at: number, stream: DataStream<number>): DataStream<number> {
    let failed = false;
    return stream.map((value) => {
      if (value === at && !failed) {
        failed = true;
        throw new Error("boom");
      }
      return value;
    });
  }

  /** Cold: ten values every millisecond to each subscriber, from 0. */
  function slowly(count: number): Observable<number> {
    return new Observable((subscriber) => {
      let next = 0;
      const timer = setInterval(() => {
        for (let burst = 0; burst < 10 && next < count; burst++) subscriber.next(next++);
        if (next === count) subscriber.complete();
      }, 1);
      return () => clearInterval(timer);
    });
  }

  test("the documented example: a factory is exactly once", async () => {
    const env = environment();
    const ticks = env.fromSource(
      fromObservable((position) => range(position, 10_000 - position)),
      NONE,
      "ticks",
    );
    expect(await failingAt(5_000, ticks).executeAndCollect()).toEqual(upTo(10_000));
  });

  test("a factory goes on from a checkpoint in the middle", async () => {
    const positions: number[] = [];
    const env = environment();
    const source = fromObservable((position) => {
      positions.push(position);
      return slowly(1_000 - position);
    });
    const offset = (): number => positions.at(-1) ?? 0;
    const values = await failingAt(
      700,
      env.fromSource(source, NONE, "n").map((n) => n + offset()),
    ).executeAndCollect();
    expect(values).toEqual(upTo(1_000));
    expect(positions).toHaveLength(2);
  });

  test.each([
    ["at once", from(upTo(1_000))],
    ["with checkpoints before the failure", slowly(1_000)],
  ])("a cold Observable that pushes %s is at most once", async (_name, cold) => {
    const env = environment();
    const values = await failingAt(500, env.fromSource(fromObservable(cold), NONE, "cold")).executeAndCollect();
    expect(values).toEqual([...new Set(values)].toSorted((left, right) => left - right));
    expect(values).not.toContain(500);
    expect(values.at(-1)).toBe(999);
  });

  async function started(
    subject: Subject<number>,
    build: (env: StreamExecutionEnvironment) => void,
  ): Promise<JobClient> {
    const env = environment();
    build(env);
    const job = await env.executeAsync("rx");
    while (!subject.observed) await new Promise((resolve) => setImmediate(resolve));
    return job;
  }

  test.each(["finished", "cancelled", "failed"])("a job that is %s has unsubscribed", async (end) => {
    const subject = new Subject<number>();
    const source = fromObservable(subject);
    const job = await started(subject, (env) => env.fromSource(source, NONE, "hot").discard());
    if (end === "finished") subject.complete();
    else if (end === "cancelled") await job.cancel();
    else subject.error(new Error("unplugged"));
    await job.result().catch(() => undefined);
    expect(job.status()).toBe(end === "cancelled" ? "CANCELED" : end.toUpperCase());
    expect(subject.observed).toBe(false);
  });

  test("its error ends the job in spite of the restart strategy, and says what would help", async () => {
    const env = environment();
    const failing = concat(
      from([1, 2]),
      throwError(() => new Error("unplugged")),
    );
    env.fromSource(fromObservable(failing), NONE, "hot").discard();
    await expect(env.execute()).rejects.toThrow(/MR6202.*unplugged.*retry/);
  });

  test("two uses of one source in a job have a subscription each", async () => {
    const env = environment();
    const source = fromObservable(from([1, 2, 3]));
    const [left, right] = [env.fromSource(source, NONE, "left"), env.fromSource(source, NONE, "right")];
    const values = await left.union(right).executeAndCollect();
    expect(values.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2, 3, 3]);
  });
});
