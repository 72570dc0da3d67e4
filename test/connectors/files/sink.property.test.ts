/**
 * Goal:   finished files hold exactly the records of completed checkpoints, each once, and never change; in the end nothing else is left but what
 *         savepoints contain. From each savepoint a job can start at any later time, and finishes exactly what it contains.
 * Method: random writes, checkpoints that complete, are overtaken or are aborted, savepoints, and restarts at another parallelism; a crash may fall between
 *         any two steps of the file system, which answers in random order and loses what was not synced. The model is a set of record numbers. After each
 *         attempt every savepoint so far is restored, in a copy of the directory, twice.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: connectors/files/writer.ts
// covers: connectors/files/part-file.ts
// covers: connectors/files/sink-start.ts
import fc from "fast-check";
import { expect, test } from "vitest";
import { fileSink } from "../../../connectors/files/sink.ts";
import type { FileCommittable, FileSinkState } from "../../../connectors/files/sink-state.ts";
import type { Sink } from "../../../core/operators/contracts/sink.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";
import { SinkHarness } from "../../harness/sink-harness.ts";
import type { SinkSnapshot } from "../../harness/sink-harness.ts";

type NumberSink = Sink<number, FileSinkState, FileCommittable>;
type Snapshot = SinkSnapshot<FileSinkState, FileCommittable>;

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      subtask: fc.nat(4),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("barrier" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("complete" as const), back: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("mark" as const), back: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("savepoint" as const) }) },
);

const attempt = fc.record({
  parallelism: fc.integer({ min: 1, max: 4 }),
  actions: fc.array(action, { maxLength: 10 }),
  /** Steps of the file system until the machine stops; often more than there are. */
  stepsMax: fc.integer({ min: 5, max: 250 }),
  /** At the end of the actions: an orderly close, as after a failure of the job, or the machine stops. */
  closes: fc.boolean(),
  /** A new job from the checkpoint, which counts its attempts from 0 again. */
  newJob: fc.boolean(),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer A> ? A : never;

const scenario = fc.record({
  seed: fc.nat(),
  attempts: fc.array(attempt, { minLength: 1, maxLength: 5 }),
  rollBytes: fc.constantFrom(1, 12, 1_000_000),
  emptyFirst: fc.boolean(),
  /** Somebody takes finished files away as soon as they appear. */
  consumer: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** Finished and empty, which the sink's own files never are. */
const EARLIER = ["out/part-0-000000.txt", "out/part-1-000002.txt"];

class MachineStops extends Error {}

interface Savepoint {
  readonly snapshot: Snapshot;
  readonly records: readonly number[];
  /** Of the files that hold them, once the savepoint was restored. */
  readonly paths: ReadonlySet<string>;
}

/** The machine, what it has on its disk, and what should be there. */
class World {
  readonly turns: (() => void)[] = [];
  readonly random: SeededRandom;
  readonly files: MemoryFileSystem;
  readonly clock: ManualClock = new ManualClock(1_000);
  stepsLeft = Infinity;
  completed: Snapshot | undefined;
  committed: readonly number[] = [];
  readonly seen = new Map<string, string>();
  readonly taken: number[] = [];
  readonly savepoints: Savepoint[] = [];
  readonly #consumer: boolean;

  constructor(seed: number, consumer: boolean) {
    this.#consumer = consumer;
    this.random = new SeededRandom(seed);
    this.files = new MemoryFileSystem({ defer: (turn) => this.turns.push(turn) });
  }

  pump(): void {
    if (this.stepsLeft-- <= 0) throw new MachineStops();
    const [turn] = this.turns.splice(Math.floor(this.random.next() * this.turns.length), 1);
    turn?.();
  }

  stop(): void {
    this.files.crash((unsynced) => Math.floor(this.random.next() * (unsynced + 1)));
    this.turns.length = 0;
  }

  finishedRecords(): number[] {
    const records = [...this.taken];
    for (const [path, content] of this.texts()) if (path.startsWith("out/part-")) records.push(...numbersOf(content));
    return records.sort((a, b) => a - b);
  }

  /** As it is now, on a machine of its own. */
  copy(seed: number): World {
    const copied = new World(seed, this.#consumer);
    for (const [path, bytes] of this.files.files()) copied.files.put(path, bytes);
    copied.clock.advance(1_000_000);
    return copied;
  }

  texts(): [string, string][] {
    return [...this.files.files()].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]);
  }

  /** What a consumer does with a finished file, if there is one. */
  offer(path: string, content: string): void {
    if (!this.#consumer) return;
    this.taken.push(...numbersOf(content));
    this.files.delete(path);
  }
}

/** Visible files hold committed records only, and stay as they were. */
function checkVisible(world: World): void {
  for (const [path, content] of world.texts()) {
    if (!path.startsWith("out/part-") || content === "") continue;
    expect(world.seen.get(path) ?? content, `${path} changed`).toBe(content);
    world.seen.set(path, content);
    world.offer(path, content);
  }
  expect(world.finishedRecords().filter((record) => !world.committed.includes(record))).toEqual([]);
}

function numbersOf(content: string): number[] {
  return content.split("\n").slice(0, -1).map(Number);
}

async function runAttempt(
  world: World,
  sink: NumberSink,
  { parallelism, actions, closes }: Attempt,
  attemptNumber: number,
  nextRecord: () => number,
): Promise<void> {
  const covered = new Map<number, { readonly records: readonly number[] }>();
  const records = [...world.committed];
  const restored = world.completed;
  const { clock } = world;
  const harness = new SinkHarness<number, FileSinkState, FileCommittable>({
    sink,
    parallelism,
    attempt: attemptNumber,
    restored,
    clock,
    pump: () => world.pump(),
  });
  let checkpoint = 0;
  let newest = 0;
  await harness.start();
  for (const one of actions) {
    if (one.kind === "write") {
      for (let count = 0; count < one.count; count++) {
        const record = nextRecord();
        await harness.write(one.subtask % parallelism, record);
        records.push(record);
      }
    } else if (one.kind === "barrier") {
      await harness.barrier(++checkpoint);
      covered.set(checkpoint, { records: [...records] });
    } else if (one.kind === "savepoint") {
      const snapshot = await harness.savepoint(++checkpoint);
      const finished = [...world.files.files().keys()].filter((path) => path.startsWith("out/part-"));
      const pending = snapshot.committables.map((committable) => `out/${committable.finished}`);
      world.savepoints.push({ snapshot, records: [...records], paths: new Set([...finished, ...pending]) });
    } else {
      const id = checkpoint - one.back;
      const coverage = covered.get(id);
      if (coverage === undefined || id <= newest) continue;
      newest = id;
      world.committed = coverage.records;
      harness.markComplete(id);
      world.completed = harness.completed;
      if (one.kind === "complete") await harness.complete(id);
    }
    checkVisible(world);
  }
  if (closes) await harness.close();
  else throw new MachineStops();
}

/** Another job starts from each savepoint, in a directory that has been gone on with. */
async function checkSavepoints(
  world: World,
  seed: number,
  sinkOn: (files: MemoryFileSystem) => NumberSink,
): Promise<void> {
  for (const [index, { snapshot, records, paths }] of world.savepoints.entries()) {
    const copied = world.copy(seed);
    const { clock } = copied;
    const sink = sinkOn(copied.files);
    for (const parallelism of [1 + ((seed + index) % 4), 2]) {
      clock.advance(1);
      const pump = (): void => copied.pump();
      const harness = new SinkHarness<number, FileSinkState, FileCommittable>({
        sink,
        parallelism,
        restored: snapshot,
        clock,
        pump,
      });
      await harness.start();
      await harness.close();
      const found = copied.texts().flatMap(([path, content]) => (paths.has(path) ? numbersOf(content) : []));
      const taken = world.taken.filter((record) => records.includes(record) && !found.includes(record));
      expect(
        [...found, ...taken].sort((a, b) => a - b),
        "what a savepoint contains",
      ).toEqual(records);
    }
  }
}

async function runScenario(
  { seed, attempts, rollBytes, emptyFirst, consumer }: Scenario,
  wrap: (sink: NumberSink) => NumberSink = (sink) => sink,
): Promise<void> {
  const world = new World(seed, consumer);
  const missingFiles = consumer ? "accept" : "fail";
  world.files.put("out/other.txt", "not ours");
  // Of an earlier run, whose numbers a fresh one knows only from its files.
  for (const earlier of consumer ? [] : EARLIER) world.files.put(earlier, "");
  const options = {
    path: "out",
    format: (value: number) => `${value}\n`,
    suffix: ".txt",
    rollBytes,
    emptyFirst,
    missingFiles,
  } as const;
  const sinkOn = (fileSystem: MemoryFileSystem): NumberSink => wrap(fileSink<number>({ ...options, fileSystem }));
  const sink = sinkOn(world.files);
  const last: Attempt = {
    parallelism: 2,
    actions: [{ kind: "barrier" }, { kind: "complete", back: 0 }],
    stepsMax: Infinity,
    closes: true,
    newJob: false,
  };
  let record = 0;
  let attemptNumber = 0;
  for (const one of [...attempts, last]) {
    world.clock.advance(1);
    world.stepsLeft = one.stepsMax;
    try {
      await runAttempt(world, sink, one, attemptNumber, () => ++record);
    } catch (error) {
      if (!(error instanceof MachineStops)) throw error;
      world.stop();
    }
    checkVisible(world);
    await checkSavepoints(world, seed, sinkOn);
    attemptNumber = one.newJob && world.completed !== undefined ? 0 : attemptNumber + 1;
  }
  expect(world.finishedRecords()).toEqual([...world.committed].sort((a, b) => a - b));
  for (const earlier of consumer || emptyFirst ? [] : EARLIER) expect(world.files.files().get(earlier)).toHaveLength(0);
  const mayKeep = attempts.some(({ actions }) => actions.some(({ kind }) => kind === "savepoint"));
  const isKept = (path: string): boolean => mayKeep && /^out\/\.part-\d+-\d+\.savepoint\./.test(path);
  const others = world
    .texts()
    .filter(([path, content]) => content !== "" && !path.startsWith("out/part-") && !isKept(path));
  expect(others).toEqual(emptyFirst ? [] : [["out/other.txt", "not ours"]]);
}

test("commits each record exactly once, whatever crashes, and leaves nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, (one) => runScenario(one)),
    { numRuns: 160, ...replay },
  );
});

const bugs: Record<string, (sink: NumberSink) => NumberSink> = {
  "a committer that keeps nothing for savepoints": (sink) => ({
    ...sink,
    createCommitter(ctx) {
      const committer = sink.createCommitter?.(ctx);
      return { commit: (requests) => committer?.commit(requests) };
    },
  }),
  "a writer that restarts without its state": (sink) => ({
    ...sink,
    createWriter: (ctx) => sink.createWriter(ctx, []),
  }),
  "a writer that drops the states of subtasks which are no more": (sink) => ({
    ...sink,
    createWriter: (ctx, restored) =>
      sink.createWriter(
        ctx,
        restored.filter(({ subtask }) => subtask === ctx.subtaskIndex),
      ),
  }),
  "a flush that does not wait": (sink) => ({
    ...sink,
    createWriter(ctx, restored) {
      const writer = sink.createWriter(ctx, restored);
      return {
        write: (value, at) => writer.write(value, at),
        flush: () => void Promise.resolve(writer.flush?.(false)).catch(() => undefined),
        prepareCommit: (id) => writer.prepareCommit?.(id) ?? [],
        snapshot: (id, uncommitted) => writer.snapshot?.(id, uncommitted) ?? [],
        close: () => writer.close?.(),
      };
    },
  }),
  "a commit that happens at the barrier": (sink) => ({
    ...sink,
    createWriter(ctx, restored) {
      const writer = sink.createWriter(ctx, restored);
      const committer = sink.createCommitter?.(ctx);
      const request = {
        retries: 0,
        retryLater() {},
        updateAndRetryLater() {},
        signalAlreadyCommitted() {},
        signalFailedWithKnownReason() {},
        signalFailedWithUnknownReason() {},
      };
      return {
        write: (value, at) => writer.write(value, at),
        flush: (end) => writer.flush?.(end),
        prepareCommit(id) {
          const committables = writer.prepareCommit?.(id) ?? [];
          void committer?.commit(committables.map((committable) => ({ ...request, committable })));
          return committables;
        },
        snapshot: (id, uncommitted) => writer.snapshot?.(id, uncommitted) ?? [],
        close: () => writer.close?.(),
      };
    },
  }),
};

test.each(Object.entries(bugs))("the net catches %s", async (_name, wrap) => {
  // A fixed seed: some bugs need a rare meeting of crash and commit, and this is about whether the net can catch, not how soon.
  const found = await fc.check(
    fc.asyncProperty(scenario, (one) => runScenario(one, wrap)),
    { numRuns: 600, endOnFailure: true, seed: 1 },
  );
  expect(found.failed).toBe(true);
});
