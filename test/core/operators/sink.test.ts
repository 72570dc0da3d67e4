/** The operator of sinks, case by case: flushes, barriers, the end of input; commits, retries, failures, restore. */
// covers: core/operators/commits.ts
import { describe, expect, test } from "vitest";
import type { CommitRequest, Sink } from "../../../core/operators/contracts/sink.ts";
import { createOperator } from "../../../core/operators/sink.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { ScriptedOutside, ScriptedSink } from "../../harness/scripted-sink.ts";
import type { Committable } from "../../harness/scripted-sink.ts";

interface Bench {
  readonly harness: OperatorHarness;
  readonly sink: ScriptedSink;
  readonly outside: ScriptedOutside;
}

function bench(options: { readonly sync: boolean; readonly restored?: HarnessSnapshot | undefined }): Bench {
  const outside = new ScriptedOutside();
  outside.durable = { has: () => true } as unknown as ReadonlySet<number>; // these tests look at the order themselves
  const sink = new ScriptedSink(outside, options);
  const restored = options.restored === undefined ? {} : { restored: [options.restored] };
  const harness = new OperatorHarness({
    create: (services) => createOperator<number, number, Committable>(services, { sink }),
    ...restored,
  });
  return { harness, sink, outside };
}

/** A sink whose commits are decided by `commit`. */
function benchOf(
  commit: (requests: readonly CommitRequest<string>[]) => void | Promise<void>,
  config: ConfigValues = {},
): OperatorHarness {
  let written: string[] = [];
  const sink: Sink<string, never, string> = {
    createWriter: () => ({
      write: (value) => void written.push(value),
      prepareCommit() {
        const ready = written;
        written = [];
        return ready;
      },
    }),
    createCommitter: () => ({ commit }),
  };
  return new OperatorHarness({
    create: (services) => createOperator<string, never, string>(services, { sink }),
    config,
  });
}

function committables(snapshot: HarnessSnapshot | undefined): readonly unknown[] | undefined {
  return snapshot?.lists.find((list) => list.name === "committables")?.items;
}

describe("sink writer", () => {
  test("flushes at the barrier and blocks the chain until that has ended", async () => {
    const { harness, sink } = bench({ sync: false });
    harness.processRecord(1, 10);
    expect(harness.trySnapshot(1)).toBeUndefined();
    expect(harness.availability.busy).toBe(true);
    sink.settleFlush();
    await harness.settle();
    expect(harness.availability.busy).toBe(false);
    expect(harness.wakes).toBe(1);
    expect(committables(harness.trySnapshot(1))).toEqual([{ checkpointId: 1, committable: { values: [1] } }]);
    expect(harness.metrics.read("numRecordsSend")).toBe(1);
  });

  test("what is overdrawn during a flush is written after it, in order, and flushed before the barrier passes", async () => {
    const { harness, sink, outside } = bench({ sync: false });
    harness.processRecord(1, 10);
    harness.trySnapshot(1);
    harness.processRecord(2, 11);
    harness.processWatermark(5);
    expect(sink.watermarks).toEqual([]);
    sink.settleFlush();
    await harness.settle();
    expect(sink.watermarks).toEqual([5]);
    expect(harness.trySnapshot(1)).toBeUndefined();
    sink.settleFlush();
    await harness.settle();
    expect(committables(harness.trySnapshot(1))).toEqual([{ checkpointId: 1, committable: { values: [1, 2] } }]);
    expect(outside.violations).toEqual([]);
  });

  test("the end of input is pending until its flush has ended; the next checkpoint takes what that made ready", async () => {
    const { harness, sink } = bench({ sync: false });
    harness.processRecord(1);
    harness.endInput();
    expect([harness.operator.pending, harness.availability.busy, harness.operator.settled]).toEqual([
      "atomic",
      true,
      false,
    ]);
    sink.settleFlush();
    await harness.settle();
    expect([harness.operator.pending, harness.availability.busy]).toEqual(["none", false]);
    expect(committables(harness.trySnapshot(4))).toEqual([{ checkpointId: 4, committable: { values: [1] } }]);
    expect(sink.flushedAtEnd).toEqual([true]);
    expect(harness.operator.settled).toBe(false);
    harness.operator.checkpointCompleted?.(4);
    await harness.settle();
    sink.settleCommit();
    await harness.settle();
    expect(harness.operator.settled).toBe(true);
  });

  test("a failed flush fails the task", async () => {
    const sink: Sink<string> = {
      createWriter: () => ({ write: () => undefined, flush: () => Promise.reject(new Error("disk full")) }),
    };
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, never, never>(services, { sink }),
    });
    harness.trySnapshot(1);
    await harness.settle();
    expect(harness.failures).toEqual([new Error("disk full")]);
  });

  test("gives the writer its states, the time of each record, and ways out", () => {
    const written: unknown[] = [];
    const sink: Sink<string, string> = {
      writerState: "union",
      createWriter: (ctx, restored) => ({
        write(value, { timestampMs, currentWatermarkMs }) {
          written.push([value, timestampMs, currentWatermarkMs]);
          ctx.sendToClient(value);
        },
        snapshot: () => [...restored, `from ${ctx.subtaskIndex}`],
      }),
    };
    const create = (restored: readonly HarnessSnapshot[], subtaskIndex: number): OperatorHarness =>
      new OperatorHarness({
        create: (services) => createOperator<string, string, never>(services, { sink }),
        subtaskIndex,
        parallelism: 2,
        ...(restored.length === 0 ? {} : { restored }),
      });
    const first = [0, 1].map((index) => create([], index));
    first[0]?.processWatermark(5);
    first[0]?.processRecord("a", 7);
    expect(written).toEqual([["a", 7, 5]]);
    expect(first[0]?.events).toEqual([{ type: "to-client", value: "a" }]);
    const restored = first.flatMap((harness) => harness.trySnapshot(1) ?? []);
    const again = create(restored, 0);
    expect(again.operator.watermarkMs).toBe(5);
    expect(again.trySnapshot(2)?.lists.find((list) => list.name === "writer")?.items).toEqual([
      "from 0",
      "from 1",
      "from 0",
    ]);
  });

  test("closes writer and committer, both also if one fails", async () => {
    const { harness, sink } = bench({ sync: true });
    await harness.operator.close?.();
    expect(sink.closed).toEqual(["writer", "committer"]);
    const closed: string[] = [];
    const failing: Sink<string, never, string> = {
      createWriter: () => ({ write: () => undefined, close: () => Promise.reject(new Error("no")) }),
      createCommitter: () => ({ commit: () => undefined, close: () => void closed.push("committer") }),
    };
    const second = new OperatorHarness({
      create: (services) => createOperator<string, never, string>(services, { sink: failing }),
    });
    await expect(second.operator.close?.()).rejects.toThrow("no");
    expect(closed).toEqual(["committer"]);
  });
});

describe("sink committer", () => {
  test("a committable stays in the state until its commit has succeeded", async () => {
    const { harness, sink, outside } = bench({ sync: false });
    const checkpoint = async (id: number): Promise<HarnessSnapshot | undefined> => {
      harness.trySnapshot(id);
      sink.settleFlush();
      await harness.settle();
      return harness.trySnapshot(id);
    };
    harness.processRecord(1);
    await checkpoint(1);
    harness.operator.checkpointCompleted?.(1);
    harness.processRecord(2);
    expect(committables(await checkpoint(2))).toHaveLength(2);
    harness.operator.checkpointCompleted?.(2);
    sink.settleCommit();
    await harness.settle();
    expect(outside.committed).toEqual([1]);
    sink.settleCommit();
    await harness.settle();
    expect(outside.committed).toEqual([1, 2]);
    expect(committables(await checkpoint(3))).toEqual([]);
    expect(harness.metrics.read("successfulCommittables")).toBe(2);
  });

  test("an aborted checkpoint's committables come with the next", () => {
    const committed: string[] = [];
    const harness = benchOf((requests) => void committed.push(...requests.map((request) => request.committable)));
    harness.processRecord("a");
    harness.trySnapshot(1);
    harness.operator.checkpointAborted?.(1);
    harness.processRecord("b");
    harness.trySnapshot(2);
    expect(harness.metrics.read("pendingCommittables")).toBe(2);
    harness.operator.checkpointCompleted?.(2);
    expect(committed).toEqual(["a", "b"]);
    expect(harness.metrics.read("pendingCommittables")).toBe(0);
  });

  test("restored committables come first; nothing is read until then, and a checkpoint keeps them", async () => {
    const first = bench({ sync: true });
    first.harness.processRecord(1);
    const saved = first.harness.trySnapshot(1);
    const { harness, sink, outside } = bench({ sync: false, restored: saved });
    expect(harness.availability.busy).toBe(true);
    // No checkpoint either, though nothing waits to be written: what it contains could become visible first.
    expect(harness.trySnapshot(2)).toBeUndefined();
    harness.processRecord(2);
    expect(harness.trySnapshot(2)).toBeUndefined();
    sink.settleCommit(["retry"]);
    await harness.settle();
    expect(outside.committed).toEqual([]);
    harness.advance(100);
    sink.settleCommit();
    await harness.settle();
    expect([outside.committed, harness.availability.busy, outside.violations]).toEqual([[1], false, []]);
    harness.trySnapshot(2);
    sink.settleFlush();
    await harness.settle();
    expect(committables(harness.trySnapshot(2))).toEqual([{ checkpointId: 2, committable: { values: [2] } }]);
  });

  test("retries after 100 ms, 200 ms, … 10 s, and what completes meanwhile joins", () => {
    const calls: [number, string[], number[]][] = [];
    const harness = benchOf((requests) => {
      calls.push([
        harness.clock.nowMs(),
        requests.map((request) => request.committable),
        requests.map((request) => request.retries),
      ]);
      if (calls.length < 10) requests[0]?.updateAndRetryLater(`a${calls.length}`);
    });
    harness.processRecord("a");
    harness.trySnapshot(1);
    harness.operator.checkpointCompleted?.(1);
    harness.processRecord("b");
    expect(committables(harness.trySnapshot(2))).toEqual([
      { checkpointId: 1, committable: "a1" },
      { checkpointId: 2, committable: "b" },
    ]);
    harness.operator.checkpointCompleted?.(2);
    harness.advance(60_000);
    expect(calls[1]).toEqual([100, ["a1", "b"], [1, 0]]);
    expect(calls.map(([atMs]) => atMs)).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 12_700, 22_700, 32_700]);
    expect(harness.operator.settled).toBe(true);
    expect(harness.metrics.read("retriedCommittables")).toBe(9);
    expect(harness.metrics.read("successfulCommittables")).toBe(2);
  });

  test.each([
    [{}, 10],
    [{ "sink.committer.retries": 2 }, 2],
  ])("retries are bounded: %j", (config, retries) => {
    let calls = 0;
    const harness = benchOf((requests) => {
      calls += 1;
      requests[0]?.retryLater();
    }, config);
    harness.processRecord("a");
    harness.trySnapshot(1);
    harness.operator.checkpointCompleted?.(1);
    harness.advance(600_000);
    expect(calls).toBe(retries + 1);
    expect(String(harness.failures[0])).toMatch(`after ${retries} retries`);
    expect(harness.failures).toMatchObject([{ code: "MR3024", retryable: true }]);
    expect(committables(harness.trySnapshot(2))).toHaveLength(1);
  });

  test("counts what is committed already or lost for a known reason, and goes on", () => {
    const harness = benchOf((requests) => {
      requests[0]?.signalAlreadyCommitted();
      requests[1]?.signalFailedWithKnownReason(new Error("expired"));
    });
    for (const value of ["a", "b", "c"]) harness.processRecord(value);
    harness.trySnapshot(1);
    harness.operator.checkpointCompleted?.(1);
    const read = (name: string): unknown => harness.metrics.read(name);
    expect([
      read("alreadyCommittedCommittables"),
      read("failedCommittables"),
      read("successfulCommittables"),
      read("totalCommittables"),
    ]).toEqual([1, 1, 1, 3]);
    expect([harness.failures, harness.operator.settled]).toEqual([[], true]);
    expect(harness.warnings).toEqual([
      "the sink gave up 1 committable of checkpoint 1, whose records are lost: expired",
    ]);
  });

  test("an unknown reason and a rejection fail the task, and nothing is forgotten", async () => {
    const unknown = benchOf((requests) => requests[0]?.signalFailedWithUnknownReason(new Error("fenced")));
    unknown.processRecord("a");
    unknown.trySnapshot(1);
    unknown.operator.checkpointCompleted?.(1);
    expect(String(unknown.failures[0])).toMatch(/MR3024.*checkpoint 1.*fenced/);
    expect(committables(unknown.trySnapshot(2))).toHaveLength(1);
    const rejected = benchOf(() => Promise.reject(new Error("down")));
    rejected.processRecord("a");
    rejected.trySnapshot(1);
    rejected.operator.checkpointCompleted?.(1);
    await rejected.settle();
    expect(rejected.failures).toEqual([new Error("down")]);
  });

  test("for a savepoint the committer keeps all that is open, before the barrier passes; not for a checkpoint", async () => {
    const kept: (readonly string[])[] = [];
    let settle = (): void => undefined;
    const written: string[] = [];
    const sink: Sink<string, never, string> = {
      createWriter: () => ({ write: (value) => void written.push(value), prepareCommit: () => written.splice(0) }),
      createCommitter: () => ({
        commit: () => undefined,
        keepForSavepoint(committables) {
          kept.push(committables);
          return new Promise((resolve) => (settle = resolve));
        },
      }),
    };
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, never, string>(services, { sink }),
    });
    const savepoint = { savepoint: true };
    expect(harness.trySnapshot(1, savepoint)).toBeDefined();
    harness.processRecord("a");
    expect(harness.trySnapshot(2)).toBeDefined();
    harness.processRecord("b");
    expect([harness.trySnapshot(3, savepoint), harness.availability.busy, kept]).toEqual([
      undefined,
      true,
      [["a", "b"]],
    ]);
    harness.processRecord("c");
    expect(harness.trySnapshot(3, savepoint)).toBeUndefined();
    settle();
    await harness.settle();
    expect(harness.trySnapshot(3, savepoint)).toBeUndefined();
    expect(kept).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
    settle();
    await harness.settle();
    expect(committables(harness.trySnapshot(3, savepoint))).toHaveLength(3);
    expect([kept.length, harness.availability.busy]).toEqual([2, false]);
  });

  test("after the end of input too", async () => {
    let settle = (): void => undefined;
    const sink: Sink<string, never, string> = {
      createWriter: () => ({ write: () => undefined, prepareCommit: () => ["last"] }),
      createCommitter: () => ({
        commit: () => undefined,
        keepForSavepoint: () => new Promise((resolve) => (settle = resolve)),
      }),
    };
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, never, string>(services, { sink }),
    });
    harness.endInput();
    expect(harness.trySnapshot(1, { savepoint: true })).toBeUndefined();
    settle();
    await harness.settle();
    expect(committables(harness.trySnapshot(1, { savepoint: true }))).toHaveLength(1);
  });

  test("refuses restored committables without a committer", () => {
    const first = bench({ sync: true });
    first.harness.processRecord(1);
    const saved = first.harness.trySnapshot(1);
    const sink: Sink<number> = { createWriter: () => ({ write: () => undefined }) };
    const restore = (): unknown =>
      new OperatorHarness({
        create: (services) => createOperator<number, never, never>(services, { sink }),
        restored: saved === undefined ? [] : [saved],
      });
    expect(restore).toThrow("MR3025");
  });
});
