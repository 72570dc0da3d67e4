/**
 * Goal:   whatever is slow, late, repeated, lost or refused: what is complete stays whole, what is not leaves nothing behind, and everybody is told
 *         exactly once.
 * Method: random interleavings of triggers, snapshots, acknowledgements, declines, timeouts, storage answers and restarts in a small job
 *         (`coordinator-world.ts`); after every step and at the end the checkers below look at the files and the list of events, never at the coordinator.
 * Replay: MILLRACE_SEED=<seed>
 */
// covers: core/checkpoint/cleanup.ts
// covers: core/checkpoint/deletions.ts
// covers: core/checkpoint/stragglers.ts
// covers: core/checkpoint/pending-checkpoint.ts
// covers: core/checkpoint/finalize.ts
// covers: core/checkpoint/task-key.ts
// covers: core/checkpoint/store.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../../harness/replay.ts";
import type { Fate } from "./controlled-storage.ts";
import { filesOf, World } from "./coordinator-world.ts";
import type { PlantedBug, SnapshotChoice, WorldEvent } from "./coordinator-world.ts";
import { keyedSnapshot, subtaskSnapshot } from "./samples.ts";

interface Limits {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly minPauseMs: number;
  readonly concurrentMax: number;
  readonly tolerated: number;
  readonly retained: number;
}

type Command =
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "trigger" | "savepoint" | "stop" | "start" }
  | { readonly kind: "notice" | "barrier"; readonly task: number; readonly choice: SnapshotChoice }
  | { readonly kind: "deliver"; readonly task: number; readonly times: number }
  | { readonly kind: "deliver late" | "deliver foreign"; readonly task: number }
  | { readonly kind: "storage" | "store"; readonly index: number; readonly fate: Fate }
  | {
      readonly kind: "flow";
      readonly neglects: boolean;
      readonly without: readonly Part[];
      readonly choice: SnapshotChoice;
      readonly fate: Fate;
    };

/** What may happen to all tasks at a stretch, so that runs get somewhere; what is left out waits, and is overtaken. */
type Part = "time" | "notices of sources" | "notices of sinks" | "barriers" | "reports" | "storage" | "store";

/** Files go in several steps, so that storage and store come more than once. */
const FLOW: readonly Part[] = [
  "time",
  "notices of sources",
  "notices of sinks",
  "barriers",
  "reports",
  "storage",
  "store",
  "storage",
  "store",
  "storage",
  "store",
];
const PARTS: readonly Part[] = [...new Set(FLOW)];

const task = fc.nat(3);
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>("ok") },
  { weight: 1, arbitrary: fc.constantFrom<Fate>("failed", "lost") },
);
const choice: fc.Arbitrary<SnapshotChoice> = fc.record({
  compact: fc.nat(2).map((die) => die === 0),
  unchanged: fc.nat(3).map((die) => die === 0),
  decline: fc.nat(15).map((die) => die === 15),
});

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant("flow" as const),
      neglects: fc.nat(9).map((die) => die > 0),
      without: fc.subarray([...PARTS], { maxLength: 2 }),
      choice,
      fate,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(1, 5, 10, 30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("trigger" as const, "savepoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("stop" as const, "start" as const, "start" as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("notice" as const, "barrier" as const), task, choice }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), task, times: fc.constantFrom(1, 1, 2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("deliver late" as const, "deliver foreign" as const), task }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("storage" as const, "storage" as const, "store" as const),
      index: fc.nat(3),
      fate,
    }),
  },
);

const limits: fc.Arbitrary<Limits> = fc.record({
  intervalMs: fc.constantFrom(1, 5, 10),
  timeoutMs: fc.constantFrom(20, 100, 1_000),
  minPauseMs: fc.constantFrom(0, 0, 7),
  concurrentMax: fc.integer({ min: 1, max: 3 }),
  tolerated: fc.constantFrom(0, 1, 3, 100),
  retained: fc.integer({ min: 1, max: 3 }),
});

const runs = fc.record({
  limits,
  sources: fc.integer({ min: 1, max: 2 }),
  sinks: fc.integer({ min: 1, max: 2 }),
  /** What is slow in this run: left out of nearly every flow. */
  neglected: fc.constantFrom<Part | "nothing">("nothing", "nothing", "notices of sinks", "reports", "storage", "store"),
  commands: fc.array(commands, { minLength: 10, maxLength: 150, size: "max" }),
});

function simulate(run: typeof runs extends fc.Arbitrary<infer R> ? R : never, bug?: PlantedBug): void {
  const world = createWorld(run.limits, { sources: run.sources, sinks: run.sinks, bug });
  for (const command of run.commands) {
    obey(world, withNeglect(command, run.neglected));
    checkFiles(world);
  }
  finish(world, run.limits);
  checkFiles(world);
  checkFailures(world.events, run.limits.tolerated);
  checkNotices(world.events);
  checkPace(world.events, run.limits);
  checkNoLeaks(world);
}

function withNeglect(command: Command, neglected: Part | "nothing"): Command {
  if (command.kind !== "flow" || !command.neglects || neglected === "nothing") return command;
  return { ...command, without: [...command.without, neglected] };
}

function createWorld(
  of: Limits,
  shape: { readonly sources: number; readonly sinks: number; readonly bug: PlantedBug | undefined },
): World {
  const config = {
    "execution.checkpointing.interval": of.intervalMs,
    "execution.checkpointing.timeout": of.timeoutMs,
    "execution.checkpointing.min-pause": of.minPauseMs,
    "execution.checkpointing.max-concurrent-checkpoints": of.concurrentMax,
    "execution.checkpointing.tolerable-failed-checkpoints": of.tolerated,
    "execution.checkpointing.num-retained": of.retained,
  };
  return new World({ config, ...shape });
}

function obey(world: World, command: Command): void {
  const { tasks, gone, coordinator } = world;
  switch (command.kind) {
    case "advance":
      return world.clock.advance(command.ms);
    case "trigger":
      return coordinator.trigger();
    case "savepoint":
      return world.savepoint();
    case "stop":
      return world.stop();
    case "start":
      return world.start();
    case "notice":
      return tasks.length > 0 ? world.handleNotice(pick(tasks, command.task), command.choice) : undefined;
    case "barrier":
      return world.handleBarrier(pick(tasks, command.task), command.choice);
    case "deliver":
      return world.deliver(pick(tasks, command.task), command.times);
    case "deliver late":
      return gone.length > 0 ? world.deliver(pick(gone, command.task)) : undefined;
    case "deliver foreign": {
      // A report for what is under way, in the name of an attempt that never was, with files that are not there.
      const [report] = pick(tasks, command.task).outbox;
      if (report === undefined || !("ack" in report)) return undefined;
      const operators = [keyedSnapshot("foreign", ["chk-0/nowhere"])];
      return coordinator.acknowledge({
        ...report.ack,
        snapshot: subtaskSnapshot({ operators }),
        task: { ...report.ack.task, attempt: 999 },
      });
    }
    case "storage": {
      const [call] = world.storage.calls.splice(command.index % Math.max(1, world.storage.calls.length), 1);
      return call?.settle(command.fate);
    }
    case "store":
      return world.store.calls.shift()?.(command.fate);
    case "flow":
      for (const part of FLOW) if (!command.without.includes(part)) flow(world, part, command);
      return world.clock.runYielded();
  }
}

function flow(
  world: World,
  part: Part,
  { choice: snapshot, fate: answer }: { readonly choice: SnapshotChoice; readonly fate: Fate },
): void {
  const { tasks, storage, store } = world;
  const vertex = part === "notices of sources" ? 0 : 1;
  switch (part) {
    case "time":
      return world.clock.advance(5);
    case "notices of sources":
    case "notices of sinks":
      for (const each of tasks)
        if (each.id.vertex === vertex) while (each.inbox.length > 0) world.handleNotice(each, snapshot);
      return;
    case "barriers":
      for (const each of tasks) world.handleBarrier(each, snapshot);
      return;
    case "reports":
      for (const each of tasks) while (each.outbox.length > 0) world.deliver(each);
      return;
    case "storage":
      for (const call of storage.calls.splice(0)) call.settle(answer);
      return;
    case "store":
      store.calls.shift()?.(answer);
  }
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** After the storm: everything that waits arrives, and then checkpoints must complete again. */
function finish(world: World, { intervalMs, minPauseMs }: Limits): void {
  world.drain();
  world.start();
  const completed = (): number =>
    world.events.filter((event) => event.kind === "completed" && event.checkpoint === "checkpoint").length;
  const wanted = completed() + 4;
  for (let turn = 0; turn < 60 && completed() < wanted; turn += 1) {
    world.clock.advance(intervalMs + minPauseMs);
    world.start();
    world.drain();
  }
  expect(completed(), "checkpoints complete again").toBeGreaterThanOrEqual(wanted);
  world.stop();
  world.drain();
}

/** What is complete, or may be, has all its files; and so has whatever has a metadata file, since somebody may find it. */
function checkFiles(world: World): void {
  for (const checkpoint of [
    ...world.store.retained(),
    ...world.store.undecided,
    ...world.savepoints,
    ...world.storage.visible(),
  ]) {
    for (const path of filesOf(checkpoint)) {
      if (!world.storage.files.has(path))
        throw new Error(`checkpoint ${checkpoint.checkpointId} needs ${path}, which is gone`);
    }
  }
}

/** Nothing is left but what `checkFiles` demands. */
function checkNoLeaks(world: World): void {
  const needed = new Set([...world.store.retained(), ...world.store.undecided, ...world.savepoints].flatMap(filesOf));
  expect([...world.storage.files.keys()].filter((path) => !needed.has(path))).toEqual([]);
}

/** Every checkpoint ends once, in one way, and the tasks are told once; completed ids rise. */
function checkNotices(events: readonly WorldEvent[]): void {
  const idsOf = (kind: WorldEvent["kind"]): number[] =>
    events.filter((event) => event.kind === kind).map((event) => event.checkpointId);
  const told = idsOf("told completed");
  expect(told).toEqual([...new Set(told)].sort((left, right) => left - right));
  const isSavepoint = (id: number): boolean =>
    events.some((event) => event.checkpointId === id && event.checkpoint === "savepoint");
  expect(told).toEqual(idsOf("completed").filter((id) => !isSavepoint(id)));
  expect(idsOf("told aborted")).toEqual(idsOf("aborted"));
  expect(events.filter((event) => event.reason === "CHECKPOINT_SUBSUMED" && event.checkpoint === "savepoint")).toEqual(
    [],
  );
  const ends = [...idsOf("completed"), ...idsOf("aborted")].sort((left, right) => left - right);
  expect(ends).toEqual(idsOf("triggered"));
}

/** Never more under way than allowed, and the pause is kept. Savepoints take no part. */
function checkPace(events: readonly WorldEvent[], { concurrentMax, minPauseMs }: Limits): void {
  let underWay = 0;
  let lastEndMs = -Infinity;
  for (const event of events) {
    if (event.checkpoint !== "checkpoint") continue;
    if (event.kind === "triggered") {
      underWay += 1;
      expect(underWay).toBeLessThanOrEqual(minPauseMs > 0 ? 1 : concurrentMax);
      expect(event.atMs - lastEndMs).toBeGreaterThanOrEqual(minPauseMs);
    } else if (event.kind === "completed" || event.kind === "aborted") {
      underWay -= 1;
      lastEndMs = event.atMs;
    }
  }
}

const COUNTED = new Set([
  "CHECKPOINT_EXPIRED",
  "CHECKPOINT_DECLINED",
  "CHECKPOINT_ASYNC_EXCEPTION",
  "IO_EXCEPTION",
  "FINALIZE_CHECKPOINT_FAILURE",
]);

/** The job fails exactly when one failure in a row more than tolerated was counted while it ran. */
function checkFailures(events: readonly WorldEvent[], tolerated: number): void {
  let inRow = 0;
  let expected = 0;
  let found = 0;
  let running = false;
  for (const event of events) {
    if (event.kind === "started") running = true;
    if (event.kind === "stopped") running = false;
    if (event.kind === "failJob") found += 1;
    else expect(found, "failed jobs so far").toBeLessThanOrEqual(expected);
    if (event.kind === "triggered") expect(found, "failed jobs so far").toBe(expected);
    if (event.checkpoint !== "checkpoint") continue;
    if (event.kind === "completed") inRow = 0;
    if (event.kind !== "aborted" || !running || !COUNTED.has(event.reason ?? "")) continue;
    inRow += 1;
    if (inRow <= tolerated) continue;
    inRow = 0;
    expected += 1;
  }
  expect(found, "failed jobs").toBe(expected);
}

// About a second on a quiet machine; the limit is for one that is not.
describe("checkpoint coordinator", { timeout: 30_000 }, () => {
  test("keeps what is complete and nothing else", () => {
    fc.assert(
      fc.property(runs, (run) => simulate(run)),
      { numRuns: 100, ...replay },
    );
  });

  const bugs: readonly PlantedBug[] = [
    "tasks ignore completedId",
    "files go with their checkpoint",
    "files go on an unknown outcome",
    "late acknowledgements are lost",
    "completed is told twice",
  ];
  test.each(bugs)("catches the planted bug: %s", (bug) => {
    const found = fc.check(
      fc.property(runs, (run) => simulate(run, bug)),
      { numRuns: 600, endOnFailure: true, seed: 7 },
    );
    expect(found.failed).toBe(true);
  });
});
