/** The harness of sinks tells writers what the engine would: what is not committed, by subtask, and what is complete. */
import { expect, test } from "vitest";
import type { Sink } from "../../core/operators/contracts/sink.ts";
import { SinkHarness } from "./sink-harness.ts";
import type { SinkSnapshot } from "./sink-harness.ts";

function loggingSink(log: string[]): Sink<string, never, string> {
  return {
    createWriter({ subtaskIndex }) {
      let written: string[] = [];
      return {
        write: (value) => void written.push(value),
        prepareCommit() {
          const ready = written;
          written = [];
          return ready;
        },
        snapshot(checkpointId, uncommitted) {
          log.push(`writer ${subtaskIndex}, checkpoint ${checkpointId}: ${uncommitted.join()}`);
          return [];
        },
        checkpointCompleted: (checkpointId) => void log.push(`writer ${subtaskIndex}: ${checkpointId} is complete`),
      };
    },
    createCommitter: () => ({
      commit: (requests) => void log.push(`commit ${requests.map(({ committable }) => committable).join()}`),
    }),
  };
}

test("writers hear what is not committed of their own, and what completes before its commit", async () => {
  const log: string[] = [];
  const harness = new SinkHarness({ sink: loggingSink(log), parallelism: 2 });
  await harness.start();
  await harness.write(0, "a");
  await harness.write(1, "b");
  await harness.barrier(1);
  await harness.write(0, "c");
  await harness.barrier(2);
  expect(log.splice(0)).toEqual([
    "writer 0, checkpoint 1: a",
    "writer 1, checkpoint 1: b",
    "writer 0, checkpoint 2: a,c",
    "writer 1, checkpoint 2: b",
  ]);
  await harness.complete(1);
  expect(log.splice(0)).toEqual(["writer 0: 1 is complete", "writer 1: 1 is complete", "commit a", "commit b"]);
  await harness.barrier(3);
  expect(log.splice(0)).toEqual(["writer 0, checkpoint 3: c", "writer 1, checkpoint 3: "]);
});

test("restored committables are of the writers that they are dealt to, until they are committed", async () => {
  const log: string[] = [];
  const restored: SinkSnapshot<never, string> = { writerStates: [], committables: ["a", "b", "c"] };
  const harness = new SinkHarness({ sink: loggingSink(log), parallelism: 2, restored });
  await harness.barrier(4);
  await harness.start();
  await harness.barrier(5);
  expect(log).toEqual([
    "writer 0, checkpoint 4: a,c",
    "writer 1, checkpoint 4: b",
    "commit a,c",
    "commit b",
    "writer 0, checkpoint 5: ",
    "writer 1, checkpoint 5: ",
  ]);
});
