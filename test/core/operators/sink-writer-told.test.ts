/** What the writer of a sink is told beside its records: what is not committed yet, and which checkpoints are complete. */
import { expect, test } from "vitest";
import type { Sink } from "../../../core/operators/contracts/sink.ts";
import { createOperator } from "../../../core/operators/sink.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

test("hears at each barrier what is not committed, restored committables included, and of a completed checkpoint before it is committed", () => {
  const log: string[] = [];
  let refusing = true;
  const written: string[] = [];
  const sink: Sink<string, string, string> = {
    createWriter: () => ({
      write: (value) => void written.push(value),
      prepareCommit: () => written.splice(0),
      snapshot: (checkpointId, uncommitted) => [`${checkpointId}: ${uncommitted.join()}`],
      checkpointCompleted: (checkpointId) => void log.push(`completed ${checkpointId}`),
    }),
    createCommitter: () => ({
      commit(requests) {
        log.push(`commit ${requests.map(({ committable }) => committable).join()}`);
        if (refusing) requests[1]?.updateAndRetryLater("b again");
      },
    }),
  };
  const create = (restored?: HarnessSnapshot): OperatorHarness =>
    new OperatorHarness({
      create: (services) => createOperator<string, string, string>(services, { sink }),
      ...(restored === undefined ? {} : { restored: [restored] }),
    });
  const writerSaved = (snapshot: HarnessSnapshot | undefined): unknown =>
    snapshot?.lists.find((list) => list.name === "writer")?.items[0];
  const harness = create();
  harness.processRecord("a");
  harness.processRecord("b");
  expect(writerSaved(harness.trySnapshot(1))).toBe("1: a,b");
  harness.operator.checkpointCompleted?.(1);
  harness.processRecord("c");
  const saved = harness.trySnapshot(2);
  expect(writerSaved(saved)).toBe("2: b again,c");
  expect(log).toEqual(["completed 1", "commit a,b"]);
  refusing = false;
  const restored = create(saved);
  restored.processRecord("d");
  expect(writerSaved(restored.trySnapshot(3))).toBe("3: d");
  expect(log.slice(2)).toEqual(["commit b again,c"]);
});

test("of a sink that commits nothing nothing is uncommitted, and the writer hears what completes also during a flush", () => {
  const log: string[] = [];
  const sink: Sink<string, never, string> = {
    createWriter: () => ({
      write: () => undefined,
      flush: () => new Promise(() => undefined),
      prepareCommit: () => ["nobody's"],
      snapshot: (checkpointId, uncommitted) => (log.push(`${checkpointId}: ${uncommitted.length}`), []),
      checkpointCompleted: (checkpointId) => void log.push(`completed ${checkpointId}`),
    }),
  };
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, never, string>(services, { sink }),
  });
  expect(harness.trySnapshot(1)).toBeUndefined();
  harness.operator.checkpointCompleted?.(0);
  const synchronous = new OperatorHarness({
    create: (services) =>
      createOperator<string, never, string>(services, {
        sink: { createWriter: (ctx) => ({ ...sink.createWriter(ctx, []), flush: () => undefined }) },
      }),
  });
  synchronous.trySnapshot(1);
  expect(log).toEqual(["completed 0", "1: 0"]);
});
