/** Records in flight that a task takes over: what goes wrong with one is told to the task, and not to the store that brings them. Whose they are: see `restore-in-flight.test.ts`. */
import { expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { Backlog } from "../../../core/network/backlog.ts";
import { FrameEncoder } from "../../../core/network/columnar/frame-encoder.ts";
import { encodeInFlight } from "../../../core/network/in-flight.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import { loadInFlight } from "../../../core/runtime/in-flight-loading.ts";
import type { InFlightOutcome } from "../../../core/runtime/in-flight-loading.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import { Config } from "../../../core/util/config.ts";

const CONFIG = new Config();

function load(frame: Uint8Array, diskBytesMax: number): readonly InFlightOutcome[] {
  const env = StreamExecutionEnvironment.create(CONFIG);
  env.fromSequence(1, 9).discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config: CONFIG });
  const storage = new MemoryBlobStore((callback) => callback());
  const bytes = encodeInFlight([{ edge: 0, frames: [frame] }]);
  storage.write("chk-1/file", [bytes], () => undefined);
  const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax });
  const file = { path: "chk-1/file", bytes: bytes.byteLength, checksum: crc32(bytes) };
  const outcomes: InFlightOutcome[] = [];
  loadInFlight(
    {
      storage,
      graph,
      task: { vertex: 0, subtask: 0, attempt: 1 },
      createQueue: () => new InSlotChannel(4, new Backlog(space)),
    },
    [{ file, savedEdge: 0, operatorId: "operator", input: 0, dealtBy: undefined }],
    (outcome) => outcomes.push(outcome),
  );
  return outcomes;
}

const RECORDS = Array.from({ length: 100 }, (_, n) => ({ n }));
const FRAME = new FrameEncoder().encode(RECORDS, new Float64Array(RECORDS.length), 0, RECORDS.length);

test("all records are there, in memory and on disk", () => {
  const [outcome] = load(FRAME, 1e6);
  expect(outcome?.ok === true && outcome.value.map(({ waiting }) => waiting.waiting)).toEqual([RECORDS.length]);
});

test("where the disk has no room for them, or they are none, the task hears of it once", () => {
  expect(load(FRAME, 10)).toMatchObject([{ ok: false, error: { code: "MR3040" } }]);
  expect(load(FRAME.slice(0, 5), 1e6)).toMatchObject([{ ok: false }]);
});
