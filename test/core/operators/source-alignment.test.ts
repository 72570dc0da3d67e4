/** Sources that are aligned: what they report, when they are held, which splits they pause, how far one runs ahead; played by one or two operators and the master's half. */
// covers: core/time/quiet-time.ts
import { describe, expect, test } from "vitest";
import { WatermarkAlignment } from "../../../core/cluster/watermark-alignment.ts";
import type { ReaderOutput, Source } from "../../../core/operators/contracts/source.ts";
import type { CoordinatorToReader } from "../../../core/operators/contracts/source-events.ts";
import { createOperator } from "../../../core/operators/source.ts";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import { listSource, listSplit } from "../../harness/list-source.ts";
import type { ListReader, ListSourceOptions, ListSplit } from "../../harness/list-source.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

const ALIGNED = WatermarkStrategy.forMonotonousTimestamps<string>().withWatermarkAlignment("group", 10);

interface Bench {
  readonly harness: OperatorHarness;
  readonly reader: ListReader;
}

function bench(
  options: ListSourceOptions & Omit<HarnessOptions, "create"> & { readonly strategy?: WatermarkStrategy<string> } = {},
): Bench {
  const readers: ListReader[] = [];
  const { strategy = ALIGNED } = options;
  const harness = new OperatorHarness({
    ...options,
    create: (services) =>
      createOperator<string, ListSplit>(services, { source: listSource(options, readers), strategy }),
  });
  const [reader] = readers;
  if (reader === undefined) throw new Error("the operator makes a reader");
  return { harness, reader };
}

function assign(harness: OperatorHarness, ...splits: readonly ListSplit[]): void {
  harness.handleEvent({ type: "add-splits", splits });
}

function hear(harness: OperatorHarness, lowestMs: number): void {
  const event: CoordinatorToReader = { type: "align-watermarks", lowestMs };
  harness.handleEvent(event);
}

/** A record of one split every `stepMs`. */
function steps(splitId: string, count: number, stepMs = 5): ListSplit {
  return listSplit(
    splitId,
    Array.from({ length: count }, (_, at) => (at + 1) * stepMs),
  );
}

function reports(harness: OperatorHarness): readonly unknown[] {
  return (harness.events as readonly { readonly type: string; readonly watermarkMs?: number }[])
    .filter(({ type }) => type === "report-watermark")
    .map(({ watermarkMs }) => watermarkMs);
}

describe("what an aligned source tells the master", () => {
  test("nobody waits for it before it has splits, while it is idle, and once it has ended; else for its watermark, every interval", () => {
    const { harness } = bench({ strategy: ALIGNED.withIdleness(2_500) });
    expect(harness.events.map((event) => (event as { readonly type: string }).type)).toEqual([
      "register-reader",
      "request-split",
      "report-watermark",
    ]);
    assign(harness, steps("a", 3));
    expect(reports(harness)).toEqual([Infinity, -Infinity]);
    harness.poll(1);
    harness.advance(999);
    expect(reports(harness)).toHaveLength(2);
    harness.advance(1_001);
    expect(reports(harness).slice(2)).toEqual([4, 4]);
    harness.advance(1_000);
    expect(reports(harness).slice(4)).toEqual([Infinity]);
    harness.poll(1);
    harness.advance(1_000);
    expect(reports(harness).slice(5)).toEqual([9]);
    harness.handleEvent({ type: "no-more-splits" });
    expect(harness.poll(5)).toBe("finished");
    expect(reports(harness).slice(6)).toEqual([Infinity]);
    harness.advance(5_000);
    expect(reports(harness)).toHaveLength(7);
  });

  test("a restored one is where its splits were, from its start", () => {
    const first = bench();
    assign(first.harness, steps("a", 5));
    first.harness.poll(3);
    first.harness.advance(200);
    const saved = first.harness.trySnapshot(1);
    const { harness } = bench({ restored: saved === undefined ? [] : [saved] });
    expect(reports(harness)).toEqual([14]);
  });

  test("one that is not aligned tells nothing, and listens to nobody", () => {
    const { harness } = bench({ strategy: WatermarkStrategy.forMonotonousTimestamps<string>() });
    assign(harness, steps("a", 100));
    hear(harness, -Infinity);
    harness.poll(1);
    harness.advance(10_000);
    expect([reports(harness), harness.poll(1)]).toEqual([[], "more"]);
  });

  test("the drift is that to the slowest of the group", () => {
    const { harness } = bench();
    const drift = (): unknown => harness.metrics.read("watermarkAlignmentDrift");
    assign(harness, steps("a", 100));
    expect(drift()).toBe(0);
    harness.poll(5);
    harness.advance(200);
    hear(harness, -Infinity);
    expect(drift()).toBe(0);
    hear(harness, 7);
    expect(drift()).toBe(24 - 7);
  });
});

describe("a source that is too far ahead", () => {
  test.each([{}, { output: "main" }, { pausing: true }] as const)(
    "is not polled until the group has caught up: %j",
    (options) => {
      const { harness, reader } = bench(options);
      assign(harness, steps("a", 100));
      hear(harness, 5);
      harness.poll(4);
      harness.advance(200);
      // At 19: four records, and the bound is 15.
      expect(harness.watermarks).toEqual([19]);
      expect(harness.poll(4)).toBe("waiting");
      reader.ctx.wake();
      expect(harness.poll(4)).toBe("waiting");
      expect(harness.values).toHaveLength(4);
      const { wakes } = harness;
      hear(harness, 8);
      expect(harness.poll(4)).toBe("waiting");
      hear(harness, 9);
      expect(harness.wakes).toBeGreaterThan(wakes);
      expect(harness.poll(4)).toBe("more");
      expect(harness.values).toHaveLength(8);
      expect(reader.pauses).toEqual("pausing" in options ? ["-a", "+a"] : []);
    },
  );

  test("finds out within a poll, where watermarks follow each record", () => {
    const strategy = WatermarkStrategy.forGenerator<string>(() => ({
      onEvent: (_, timestampMs, out) => out.emitWatermark(timestampMs),
      onPeriodicEmit: () => undefined,
    })).withWatermarkAlignment("group", 10);
    const { harness } = bench({ strategy });
    assign(harness, steps("a", 100));
    hear(harness, 0);
    expect([harness.poll(2), harness.poll(1), harness.poll(1)]).toEqual(["more", "waiting", "waiting"]);
    expect(harness.values).toHaveLength(3);
  });

  test("goes on if nobody is left to wait for", () => {
    const { harness } = bench();
    assign(harness, steps("a", 100));
    hear(harness, -Infinity);
    harness.poll(4);
    harness.advance(200);
    expect(harness.poll(4)).toBe("waiting");
    hear(harness, Infinity);
    expect(harness.poll(4)).toBe("more");
  });

  test("can be saved and stopped while it is held", () => {
    const { harness } = bench();
    assign(harness, steps("a", 100));
    hear(harness, -Infinity);
    harness.poll(4);
    harness.advance(200);
    const saved = harness.trySnapshot(1);
    harness.operator.stop?.({ drain: true });
    expect(harness.poll(4)).toBe("finished");
    expect(harness.watermarks).toEqual([19, Infinity]);
    const next = bench({ restored: saved === undefined ? [] : [saved] }).harness;
    expect(next.poll(4)).toBe("more");
    expect(next.values[0]).toBe("a4");
  });

  test("reads splits that are new to it, and pauses the others", () => {
    const { harness, reader } = bench({ pausing: true });
    assign(harness, steps("a", 100));
    hear(harness, -Infinity);
    harness.poll(4);
    harness.advance(200);
    expect(harness.poll(4)).toBe("waiting");
    assign(harness, steps("b", 100));
    harness.advance(200);
    harness.poll(4);
    expect(harness.values.slice(4)).toEqual(["b0", "b1"]);
    expect(reader.pauses).toEqual(["-a"]);
  });
});

describe("splits that drift apart within a reader", () => {
  const apart = (options: ListSourceOptions & Omit<HarnessOptions, "create">, strategy = ALIGNED): Bench => {
    const one = bench({ ...options, strategy });
    assign(one.harness, steps("fast", 100, 50), steps("slow", 100, 1));
    hear(one.harness, 0);
    one.harness.poll(4);
    one.harness.advance(200);
    return one;
  };

  test("are paused and resumed one by one", () => {
    const { harness, reader } = apart({ pausing: true });
    expect(reader.pauses).toEqual(["-fast"]);
    harness.clear();
    harness.poll(6);
    expect(harness.values).toEqual(["slow2", "slow3", "slow4"]);
    hear(harness, 88);
    expect(reader.pauses).toEqual(["-fast"]);
    hear(harness, 89);
    expect(reader.pauses).toEqual(["-fast", "+fast"]);
    harness.poll(2);
    expect(harness.values).toContain("fast2");
  });

  test("need a reader that can pause them", () => {
    expect(() => apart({})).toThrow("MR3027");
  });

  test("unless they are allowed to drift: then it reads on until all are too far", () => {
    const { harness } = apart({ config: { "pipeline.watermark-alignment.allow-unaligned-source-splits": true } });
    expect(harness.poll(10)).toBe("more");
    expect(harness.values).toHaveLength(14);
    for (let round = 0; round < 10; round += 1) harness.poll(2);
    harness.advance(200);
    expect(harness.poll(1)).toBe("waiting");
  });

  test("a paused one does not become idle, and what it was quiet before counts on after", () => {
    const { harness } = apart({ pausing: true }, ALIGNED.withIdleness(1_000));
    // Read all the time, so that only the paused one is quiet.
    for (let round = 0; round < 20; round += 1) {
      harness.poll(2);
      harness.advance(200);
      hear(harness, 0);
    }
    expect(harness.log.filter(({ kind }) => kind === "idle")).toEqual([]);
    expect(harness.watermarks.at(-1)).toBeLessThan(99);
    hear(harness, Infinity);
    harness.advance(600);
    expect(harness.watermarks.at(-1)).toBeLessThan(99);
    harness.advance(400);
    // Both are idle now: the furthest speaks.
    expect(harness.watermarks.at(-1)).toBe(99);
  });

  test("an idle one is never too far ahead, so that what it gets next is read", () => {
    const { harness, reader } = bench({ pausing: true, strategy: ALIGNED.withIdleness(400) });
    assign(harness, listSplit("a", [100, 101]));
    harness.poll(1);
    harness.advance(600);
    hear(harness, 0);
    expect(reader.pauses).toEqual([]);
    expect(harness.poll(1)).toBe("waiting");
    expect(harness.values).toEqual(["a0", "a1"]);
  });
});

/** Emits nothing by itself. */
function played(strategy = ALIGNED): {
  readonly harness: OperatorHarness;
  readonly output: () => ReaderOutput<string>;
  polls: number;
} {
  const outputs: ReaderOutput<string>[] = [];
  const play = {
    polls: 0,
    output: (): ReaderOutput<string> => {
      const [output] = outputs;
      if (output === undefined) throw new Error("it was not polled");
      return output;
    },
  };
  const source: Source<string, ListSplit> = {
    ...listSource(),
    createReader: () => ({
      pollNext(output) {
        outputs.push(output);
        play.polls += 1;
        if (play.polls === 3) output.forSplit("a").markIdle();
        return "nothing-available";
      },
      addSplits: () => undefined,
      noMoreSplits: () => undefined,
      snapshot: () => [],
      pauseOrResumeSplits: () => undefined,
    }),
  };
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, ListSplit>(services, { source, strategy }),
  });
  assign(harness, listSplit("a", []));
  harness.poll(1);
  return Object.assign(play, { harness });
}

describe("a reader that says itself that a split is idle", () => {
  test("is polled again if it was held: what comes next may be what others wait for", () => {
    const play = played();
    const { harness } = play;
    play.output().forSplit("a").collect("x", 50);
    hear(harness, 0);
    harness.advance(200);
    expect([harness.poll(1), play.polls]).toEqual(["waiting", 1]);
    const { wakes } = harness;
    play.output().forSplit("a").markIdle();
    harness.advance(200);
    expect(harness.wakes).toBeGreaterThan(wakes);
    expect([harness.poll(1), play.polls]).toEqual(["waiting", 2]);
  });

  test("is polled at once if a paused one is resumed by that, though it has just said that it has nothing", () => {
    const play = played();
    const { harness } = play;
    assign(harness, listSplit("b", []));
    play.output().forSplit("a").collect("x", 50);
    hear(harness, 0);
    harness.advance(200);
    expect([harness.poll(1), harness.poll(1), harness.poll(1)]).toEqual(["waiting", "more", "waiting"]);
  });
});

test("records of no split cannot be paused beside those of splits", () => {
  const { harness, output } = played();
  output().forSplit("a");
  output().collect("x", 50);
  hear(harness, 0);
  expect(() => harness.advance(200)).toThrow("MR3027");
});

describe("two sources of a group", () => {
  /** In rounds of one update interval each: how far ahead the fast one was, at most, in records. */
  const runAhead = (maxDriftMs: number, perPoll: number): number => {
    const strategy = WatermarkStrategy.forMonotonousTimestamps<string>().withWatermarkAlignment("group", maxDriftMs);
    const clock = new ManualClock();
    const [fast, slow] = [bench({ strategy, clock }).harness, bench({ strategy, clock }).harness];
    const master = new WatermarkAlignment([
      { operatorId: "fast", group: "group" },
      { operatorId: "slow", group: "group" },
    ]);
    const harnesses: Record<string, OperatorHarness> = { fast, slow };
    const exchange = (): void => {
      for (const [operatorId, harness] of Object.entries(harnesses))
        for (const reported of harness.events.splice(0) as readonly { readonly watermarkMs?: number }[])
          if (reported.watermarkMs !== undefined)
            for (const news of master.report(operatorId, 0, reported.watermarkMs)) {
              const told = harnesses[news.operatorId];
              if (told !== undefined) hear(told, news.lowestMs);
            }
    };
    assign(fast, steps("a", 5_000, 10));
    assign(slow, steps("a", 5_000, 10));
    exchange();
    let aheadMax = 0;
    for (let round = 0; round < 400; round += 1) {
      fast.poll(perPoll);
      if (round % 2 === 0) slow.poll(1);
      aheadMax = Math.max(aheadMax, fast.values.length - slow.values.length);
      clock.advance(200);
      fast.run();
      slow.run();
      exchange();
    }
    // Both get on, in 80 updates.
    expect(slow.values.length).toBeGreaterThan(50);
    expect(fast.values.length).toBeGreaterThan(50);
    return aheadMax;
  };

  test.each([
    [0, 1],
    [100, 7],
    [500, 50],
  ])(
    "with a drift of %d ms the fast one is ahead by that, and by the %d records that it reads between two watermarks",
    (maxDriftMs, perPoll) => {
      const driftRecords = maxDriftMs / 10;
      // Where the slow one stands is known by its watermark, one record and at most one record behind.
      expect(runAhead(maxDriftMs, perPoll)).toBeLessThanOrEqual(driftRecords + perPoll + 1);
      expect(runAhead(maxDriftMs, perPoll)).toBeGreaterThanOrEqual(driftRecords - 2);
    },
  );
});
