/** Observables as sources and as results: order, positions, full buffers, errors, completion; with the real rxjs. */
// covers: connectors/rxjs/from-observable.ts
// covers: connectors/rxjs/to-observable.ts
// covers: connectors/rxjs/buffer.ts
import { Observable, Subject, from, lastValueFrom, of, range, take, toArray } from "rxjs";
import { describe, expect, expectTypeOf, test } from "vitest";
import { fromObservable, toObservable } from "../../../connectors/rxjs/index.ts";
import type { ObservableLike, ObservableSplit } from "../../../connectors/rxjs/index.ts";
import { loadRxjs } from "../../../connectors/rxjs/to-observable.ts";
import type { Source } from "../../../core/operators/contracts/source.ts";
import { SourceHarness } from "../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../harness/source-harness.ts";

type Splits = readonly ObservableSplit[];
type Harness<T> = SourceHarness<T, ObservableSplit, Splits>;

function start<T>(
  source: Source<T, ObservableSplit, Splits>,
  restored?: SourceSnapshot<ObservableSplit, Splits>,
): Harness<T> {
  const harness: Harness<T> = new SourceHarness({ source, restored });
  while (harness.turn(3));
  return harness;
}

describe("fromObservable", () => {
  test("emits in order; completion ends the input", async () => {
    const harness: Harness<string> = new SourceHarness({ source: fromObservable(of("a", "b", "c")) });
    await harness.run({ recordsMax: 2 });
    expect(harness.values).toEqual(["a", "b", "c"]);
    expect(harness.snapshot().splits).toEqual([]);
    expect(start(fromObservable(of("a")), harness.snapshot()).ended).toBe(true);
  });

  test("values that come later wake the reader; closing unsubscribes", async () => {
    const subject = new Subject<number>();
    const harness = start(fromObservable(subject));
    expect(harness.turn()).toBe(false);
    subject.next(1);
    subject.next(2);
    while (harness.turn());
    expect(harness.values).toEqual([1, 2]);
    await harness.close();
    expect(subject.observed).toBe(false);
    subject.next(3);
    expect(harness.turn()).toBe(false);
  });

  test("a factory goes on where the checkpoint was, a plain Observable cannot", async () => {
    const factory = fromObservable((position) => range(position, 10 - position));
    const first: Harness<number> = new SourceHarness({ source: factory });
    await first.run({ recordsMax: 3, until: () => first.records.length >= 6 });
    const second: Harness<number> = new SourceHarness({ source: factory, restored: first.snapshot() });
    await second.run();
    expect([...first.values, ...second.values]).toEqual([...Array(10).keys()]);
    expect(factory.replayable).toBe(true);
    expect(fromObservable(of(1)).replayable).toBe(false);
    expect(factory.parallelismMax).toBe(1);
  });

  test("a full buffer fails, or drops what is oldest or newest, and counts it", async () => {
    const run = (onFull: "fail" | "drop-oldest" | "drop-newest"): Harness<number> =>
      start(fromObservable(range(0, 10), { buffer: { capacity: 4, onFull } }));
    expect(String(run("fail").failure)).toContain("MR6201");
    const oldest = run("drop-oldest");
    expect(oldest.values).toEqual([6, 7, 8, 9]);
    expect(oldest.metrics.read("numRecordsDropped")).toBe(6);
    expect(run("drop-newest").values).toEqual([0, 1, 2, 3]);
  });

  test("dropped values count in the position", async () => {
    const subject = new Subject<number>();
    const harness: Harness<number> = new SourceHarness({
      source: fromObservable(() => subject, { buffer: { capacity: 2, onFull: "drop-oldest" } }),
    });
    while (harness.turn());
    for (const value of [0, 1, 2, 3]) subject.next(value);
    while (harness.turn(1) && harness.records.length === 0);
    expect(harness.values[0]).toBe(2);
    expect(harness.snapshot().splits[0]?.position).toBe(3);
  });

  test("an error of the Observable fails the job with its cause", () => {
    const cause = new Error("sensor unplugged");
    const harness = start(fromObservable(new Observable<number>((subscriber) => subscriber.error(cause))));
    expect(harness.failure).toMatchObject({ code: "MR6202", cause });
  });

  test("what is no Observable, and wrong options, are refused", () => {
    expect(() => fromObservable({} as Observable<number>)).toThrow("MR6203"); // wrong on purpose
    expect(() => fromObservable(of(1), { buffer: { capacity: 0 } })).toThrow("MR6203");
    expect(() => fromObservable(of(1), { buffer: { onFull: "block" as never } })).toThrow(
      /^MR6203: buffer.onFull .*"block"/,
    );
    expect(String(start(fromObservable(() => 1 as unknown as Observable<number>)).failure)).toContain("MR6203"); // wrong on purpose
  });
});

describe("toObservable", () => {
  async function* counting(stopped?: () => void): AsyncGenerator<number> {
    try {
      for (let value = 0; ; value++) yield value;
    } finally {
      stopped?.();
    }
  }

  test("brings values, the end and errors", async () => {
    async function* three(): AsyncGenerator<string> {
      yield* ["a", "b", "c"];
    }
    async function* failing(): AsyncGenerator<string> {
      yield "a";
      throw new Error("the job failed");
    }
    expect(await lastValueFrom(toObservable(three()).pipe(toArray()))).toEqual(["a", "b", "c"]);
    await expect(lastValueFrom(toObservable(failing()))).rejects.toThrow("the job failed");
    expect(toObservable(three())).toBeInstanceOf(Observable);
  });

  test("unsubscribing ends the iteration", async () => {
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    expect(await lastValueFrom(toObservable(counting(stop)).pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    await stopped;
  });

  test("a library may be handed in; a missing one is named with its install line", () => {
    expect(toObservable(counting(), { rxjs: { Observable } })).toBeInstanceOf(Observable);
    const missing = (): never => {
      throw new Error("Cannot find module 'rxjs'");
    };
    expect(() => loadRxjs(missing)).toThrow(
      "MR6204: toObservable needs rxjs, which is not installed: run `npm install rxjs`",
    );
  });

  test("both ways: an Observable of results can be a source again", async () => {
    const harness: Harness<number> = new SourceHarness({ source: fromObservable(from(counting()).pipe(take(4))) });
    await harness.run();
    expect(harness.values).toEqual([0, 1, 2, 3]);
  });
});

test("the type of the values is found, in every form", () => {
  expectTypeOf(fromObservable(of(1))).toExtend<Source<number, ObservableSplit, Splits>>();
  expectTypeOf(fromObservable((position) => range(position, 3))).toExtend<Source<number, ObservableSplit, Splits>>();
  const plain: ObservableLike<string> = { subscribe: () => ({ unsubscribe: () => undefined }) };
  expectTypeOf(fromObservable(plain)).toExtend<Source<string, ObservableSplit, Splits>>();
});
