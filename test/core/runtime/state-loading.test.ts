/** State files are read whole and checked before any operator exists; what is missing or damaged is named. */
import { describe, expect, test } from "vitest";
import type { OperatorRestore, SubtaskRestore } from "../../../core/runtime/deployment.ts";
import { loadState } from "../../../core/runtime/state-loading.ts";
import type { LoadedOperatorState } from "../../../core/runtime/state-loading.ts";
import type { StateFile } from "../../../core/state/keyed-state.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import type { Outcome } from "../../../core/util/outcome.ts";

type Loaded = Outcome<ReadonlyMap<string, LoadedOperatorState>>;

class Files {
  readonly store: MemoryBlobStore = new MemoryBlobStore((callback) => callback());

  write(path: string, text: string): StateFile {
    const bytes = new TextEncoder().encode(text);
    this.store.write(path, [bytes], () => undefined);
    return { path, bytes: bytes.byteLength, checksum: crc32(bytes) };
  }

  load(operators: readonly OperatorRestore[]): Loaded {
    const restore: SubtaskRestore = { operators, channels: [], ended: false, owned: true, stopped: false };
    const outcomes: Loaded[] = [];
    loadState(this.store, restore, (outcome) => outcomes.push(outcome));
    const [only] = outcomes;
    if (only === undefined || outcomes.length > 1) throw new Error("it must answer exactly once");
    return only;
  }
}

function operator(operatorId: string, ...handles: readonly (readonly StateFile[])[]): OperatorRestore {
  const keyed = handles.map((files) => ({ keyGroups: { first: 0, last: 127 }, files, watermarkMs: 3, floors: [] }));
  return { operatorId, lists: [{ name: "list", mode: "split", items: [] }], keyed, watermarkMs: 7 };
}

function texts(loaded: LoadedOperatorState | undefined): string[][] {
  return (loaded?.keyed ?? []).map(({ contents }) => contents.map((bytes) => new TextDecoder().decode(bytes)));
}

describe("loading state", () => {
  test("brings the files of each handle in order", () => {
    const files = new Files();
    const [one, two, three] = [files.write("1", "one"), files.write("2", "two"), files.write("3", "three")];
    const outcome = files.load([operator("a", [one, two], [three, one]), operator("b"), operator("c", [two])]);
    if (!outcome.ok) throw outcome.error;
    expect([...outcome.value.keys()]).toEqual(["a", "b", "c"]);
    expect(texts(outcome.value.get("a"))).toEqual([
      ["one", "two"],
      ["three", "one"],
    ]);
    expect(texts(outcome.value.get("b"))).toEqual([]);
    expect(texts(outcome.value.get("c"))).toEqual([["two"]]);
    expect(outcome.value.get("a")).toMatchObject({ watermarkMs: 7, owned: true, lists: [{ name: "list" }] });
  });

  test.each([
    ["missing", (files: Files) => files.store.delete("2", () => undefined), "MR5203", false],
    ["cut short", (files: Files) => files.write("2", "tw"), "MR5204", false],
    ["changed", (files: Files) => files.write("2", "tvo"), "MR5204", false],
  ])("a file that is %s is named", (_how, damage, code, retryable) => {
    const files = new Files();
    const saved = [files.write("1", "one"), files.write("2", "two")];
    damage(files);
    const outcome = files.load([operator("a", saved)]);
    if (outcome.ok) throw new Error("it was loaded");
    expect(outcome.error).toMatchObject({ code, retryable });
    expect(outcome.error.message).toContain("state file 2 ");
  });
});
