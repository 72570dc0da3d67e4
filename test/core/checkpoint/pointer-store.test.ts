/** Pointers to checkpoints that outlive the master: what is known for certain, what stays unknown for a while, and what a new master may start from. */
import { describe, expect, test } from "vitest";
import { CheckpointCleanup } from "../../../core/checkpoint/cleanup.ts";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { encodeMetadata } from "../../../core/checkpoint/metadata.ts";
import { PointerCheckpointStore, recoverCheckpoints } from "../../../core/checkpoint/pointer-store.ts";
import type {
  CheckpointPointer,
  CheckpointPointers,
  RecoveredCheckpoint,
} from "../../../core/checkpoint/pointer-store.ts";
import type { AddOutcome } from "../../../core/checkpoint/store.ts";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Done } from "../../../core/util/outcome.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { checkpointWith, listAll, memoryStore, put, run } from "./samples.ts";
import type { Store } from "./samples.ts";

/** `unheard`: done, but the answer is an error. `fenced`: another master leads. */
type Fate = "ok" | "failed" | "unheard" | "fenced";

/** Pointers somewhere else; each call goes as the next of `fates` says, and well if none is left. */
class Elsewhere implements CheckpointPointers {
  pointers: CheckpointPointer[] = [];
  readonly fates: Fate[] = [];
  readonly calls: string[] = [];

  list(done: Done<readonly CheckpointPointer[]>): void {
    this.#call("list", done, () => [...this.pointers]);
  }

  add(pointer: CheckpointPointer, done: Done<void>): void {
    this.#call(`add ${pointer.checkpointId}`, done, () => void this.pointers.push(pointer));
  }

  remove(checkpointId: number, done: Done<void>): void {
    this.#call(`remove ${checkpointId}`, done, () => {
      this.pointers = this.pointers.filter((pointer) => pointer.checkpointId !== checkpointId);
    });
  }

  #call<T>(name: string, done: Done<T>, effect: () => T): void {
    this.calls.push(name);
    const fate = this.fates.shift() ?? "ok";
    if (fate === "fenced") return done(failed(new MillraceError("MR7009", "another master leads")));
    if (fate === "failed") return done(failed(new MillraceError("MR7010", "the connection was lost")));
    const value = effect();
    return done(fate === "ok" ? succeeded(value) : failed(new MillraceError("MR7010", "the answer was lost")));
  }
}

interface Scene {
  readonly clock: ManualClock;
  readonly elsewhere: Elsewhere;
  readonly store: PointerCheckpointStore;
  readonly answers: AddOutcome[];
  add(checkpoint: CompletedCheckpoint): void;
}

function begin(retained: readonly RecoveredCheckpoint[] = []): Scene {
  const clock = new ManualClock();
  const elsewhere = new Elsewhere();
  const store = new PointerCheckpointStore({ pointers: elsewhere, clock }, retained);
  const answers: AddOutcome[] = [];
  return {
    clock,
    elsewhere,
    store,
    answers,
    add: (checkpoint) => store.add(checkpoint, (outcome) => answers.push(outcome)),
  };
}

describe("adding a pointer", () => {
  test("that succeeds is all there is to it", () => {
    const { elsewhere, store, answers, add } = begin();
    const checkpoint = checkpointWith(4, []);
    add(checkpoint);
    expect(answers).toEqual([{ kind: "added" }]);
    expect(elsewhere.pointers).toEqual([{ checkpointId: 4, directory: "jobs/one/chk-4", owned: true }]);
    expect([store.retained(), store.owns(4)]).toEqual([[checkpoint], true]);
  });

  test("whose answer was lost is looked up: it is there, so the checkpoint is complete", () => {
    const { elsewhere, store, answers, add } = begin();
    elsewhere.fates.push("unheard");
    add(checkpointWith(4, []));
    expect([answers, store.retained().length, elsewhere.calls]).toEqual([[{ kind: "added" }], 1, ["add 4", "list"]]);
  });

  test("that failed is looked up: it is not there, so the checkpoint is not complete, and the next may be", () => {
    const { elsewhere, store, answers, add } = begin();
    elsewhere.fates.push("failed");
    add(checkpointWith(4, []));
    expect(answers).toMatchObject([{ kind: "refused", error: { code: "MR7010" } }]);
    expect([store.retained(), store.owns(4)]).toEqual([[], false]);
    add(checkpointWith(5, []));
    expect(answers.at(-1)).toEqual({ kind: "added" });
  });

  test.each<[first: Fate, outcome: AddOutcome["kind"]]>([
    ["unheard", "added"],
    ["failed", "refused"],
  ])("is undecided until somebody says whether it is there (%s: %s)", (first, outcome) => {
    const { clock, elsewhere, store, answers, add } = begin();
    elsewhere.fates.push(first, "failed", "failed", "unheard");
    add(checkpointWith(4, []));
    expect([answers, store.retained()]).toEqual([[], []]);
    clock.advance(250);
    expect([answers, elsewhere.calls]).toEqual([[], ["add 4", "list", "list", "list"]]);
    clock.advance(100);
    expect(answers.map(({ kind }) => kind)).toEqual([outcome]);
    clock.advance(10_000);
    expect([answers.length, clock.alarms]).toEqual([1, 0]);
  });

  test.each<[string, readonly Fate[]]>([
    ["refused at once", ["fenced", "fenced"]],
    ["refused when it looks", ["unheard", "failed", "fenced"]],
  ])("by a master that leads no more is never answered: %s", (_name, fates) => {
    const { clock, elsewhere, store, answers, add } = begin();
    elsewhere.fates.push(...fates);
    add(checkpointWith(4, []));
    clock.advance(60_000);
    expect([answers, store.retained(), clock.alarms]).toEqual([[], [], 0]);
    expect(elsewhere.calls).toHaveLength(fates.length);
  });

  test("out of order is a bug", () => {
    const { add } = begin([{ checkpoint: checkpointWith(4, []), owned: true }]);
    expect(() => add(checkpointWith(4, []))).toThrow(/in the order of their ids/);
  });

  test("of a savepoint that stopped the job does not make it the job's", () => {
    const { elsewhere, store, add } = begin();
    add(checkpointWith(4, [], { kind: "savepoint", directory: "savepoints/one" }));
    add(checkpointWith(5, [], { kind: "final" }));
    expect(elsewhere.pointers.map(({ owned }) => owned)).toEqual([false, true]);
    expect([store.owns(4), store.owns(5), store.owns(6)]).toEqual([false, true, false]);
  });
});

describe("removing a pointer", () => {
  const RETAINED = [3, 4].map((id) => ({ checkpoint: checkpointWith(id, []), owned: true }));

  test.each<[Fate, boolean, readonly number[]]>([
    ["ok", true, [4]],
    ["failed", false, [3, 4]],
    ["unheard", false, [3, 4]],
    ["fenced", false, [3, 4]],
  ])("%s: it is off the list: %s", (fate, ok, left) => {
    const { elsewhere, store } = begin(RETAINED);
    elsewhere.fates.push(fate);
    const outcomes: boolean[] = [];
    store.remove(3, (outcome) => outcomes.push(outcome.ok));
    expect(outcomes).toEqual([ok]);
    expect(store.retained().map(({ checkpointId }) => checkpointId)).toEqual(left);
  });
});

/** Writes the metadata and the files of checkpoints, and what points to them. */
function written(store: Store, ...checkpoints: readonly CompletedCheckpoint[]): Elsewhere {
  const elsewhere = new Elsewhere();
  for (const checkpoint of checkpoints) {
    const { checkpointId, directory, kind } = checkpoint;
    put(store, { [`${directory}/_metadata`]: encodeMetadata(checkpoint) });
    const files = checkpoint.vertices.flatMap((vertex) =>
      vertex.subtasks.flatMap((subtask) => subtask.operators.flatMap((operator) => operator.keyed?.files ?? [])),
    );
    for (const { path } of files) put(store, { [path]: path });
    elsewhere.pointers.push({ checkpointId, directory, owned: kind !== "savepoint" });
  }
  return elsewhere;
}

function recovered(store: Store, pointers: CheckpointPointers): readonly RecoveredCheckpoint[] | MillraceError {
  return run<readonly RecoveredCheckpoint[]>(store, (done) =>
    recoverCheckpoints({ pointers, storage: store.storage }, done),
  );
}

describe("what a new master starts from", () => {
  const older = checkpointWith(3, ["jobs/one/chk-3/a"]);
  const newest = checkpointWith(4, ["jobs/one/chk-3/a", "jobs/one/chk-4/b"]);

  test("nothing, if there are no pointers", () => {
    expect(recovered(memoryStore(), new Elsewhere())).toEqual([]);
  });

  test("all that can be read, oldest first, each with whose it is", () => {
    const store = memoryStore();
    const savepoint = checkpointWith(5, ["savepoints/one/c"], { kind: "savepoint", directory: "savepoints/one" });
    expect(recovered(store, written(store, older, newest, savepoint))).toEqual([
      { checkpoint: older, owned: true },
      { checkpoint: newest, owned: true },
      { checkpoint: savepoint, owned: false },
    ]);
  });

  test.each([
    ["its metadata is gone", "jobs/one/chk-4/_metadata", undefined],
    ["its metadata is damaged", "jobs/one/chk-4/_metadata", "not what was written"],
    ["one of its files is gone", "jobs/one/chk-4/b", undefined],
    ["one of its files is damaged", "jobs/one/chk-4/b", "jobs/one/chk-4/x"],
    ["a file that it shares is torn", "jobs/one/chk-3/a", "jobs/one"],
  ])("never an older one than the newest: %s", (_name, path, contents) => {
    const store = memoryStore();
    const pointers = written(store, older, newest);
    if (contents === undefined) run<void>(store, (done) => store.storage.delete(path, done));
    else put(store, { [path]: contents });
    expect(recovered(store, pointers)).toMatchObject({
      code: "MR5014",
      retryable: false,
      message: expect.stringMatching(/checkpoint 4 at "jobs\/one\/chk-4".*--accept-duplicates/),
    });
  });

  test("an older one that cannot be read loses its pointer, as nobody starts from it", () => {
    const store = memoryStore();
    const pointers = written(store, older, newest);
    put(store, { "jobs/one/chk-3/_metadata": "damaged" });
    expect(recovered(store, pointers)).toEqual([{ checkpoint: newest, owned: true }]);
    expect(pointers.calls).toEqual(["list", "remove 3"]);
  });

  test.each([
    ["the newest's metadata", "jobs/one/chk-4/_metadata"],
    ["a file of the newest", "jobs/one/chk-4/b"],
    ["an older one's metadata", "jobs/one/chk-3/_metadata"],
  ])("a storage that does not answer is asked again, and costs no pointer: %s", (_name, path) => {
    const store = memoryStore();
    const pointers = written(store, older, newest);
    const { storage } = store;
    const isAway: BlobStore = {
      name: storage.name,
      write: (to, chunks, done) => storage.write(to, chunks, done),
      delete: (of, done) => storage.delete(of, done),
      list: (prefix, done) => storage.list(prefix, done),
      read: (from, done) =>
        from === path ? done(failed(new MillraceError("MR5206", "timed out"))) : storage.read(from, done),
    };
    const outcome = run<readonly RecoveredCheckpoint[]>(store, (done) =>
      recoverCheckpoints({ pointers, storage: isAway }, done),
    );
    expect(outcome).toMatchObject({ code: "MR5014", retryable: true });
    expect(pointers.calls).toEqual(["list"]);
    expect(recovered(store, pointers)).toHaveLength(2);
  });

  test.each<Fate>(["fenced", "failed"])("nothing if nobody says what there is (%s)", (fate) => {
    const pointers = new Elsewhere();
    pointers.fates.push(fate);
    expect(recovered(memoryStore(), pointers)).toMatchObject({ code: fate === "fenced" ? "MR7009" : "MR7010" });
  });
});

test("files of a checkpoint go with its pointer, those of a savepoint that stopped the job never", () => {
  const store = memoryStore();
  const checkpoint = checkpointWith(3, ["jobs/one/chk-3/a"]);
  const savepoint = checkpointWith(4, ["savepoints/one/b"], { kind: "savepoint", directory: "savepoints/one" });
  const newest = checkpointWith(5, ["jobs/one/chk-5/c"]);
  const pointers = written(store, checkpoint, savepoint, newest);
  const retained = recovered(store, pointers);
  if (retained instanceof MillraceError) throw retained;
  const cleanup = new CheckpointCleanup({
    storage: store.storage,
    store: new PointerCheckpointStore({ pointers, clock: store.clock }, retained),
    pending: new Map(),
  });
  pointers.fates.push("fenced");
  cleanup.dropAllBut(1);
  store.clock.runYielded();
  // The first removal was refused: what may still be pointed to stays whole.
  expect(pointers.pointers.map(({ checkpointId }) => checkpointId)).toEqual([3, 5]);
  expect(listAll(store)).toHaveLength(6);
  cleanup.dropAllBut(0);
  let idle = false;
  cleanup.whenIdle(() => (idle = true));
  store.clock.runYielded();
  expect([idle, pointers.pointers]).toEqual([true, []]);
  expect(listAll(store)).toEqual(["savepoints/one/_metadata", "savepoints/one/b"]);
});
