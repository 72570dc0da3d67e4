/** Which state files live, case by case; the random cases are in `coordinator.property.test.ts`. */
import { describe, expect, test } from "vitest";
import { SharedFiles } from "../../../core/checkpoint/shared-files.ts";

function sharedFiles(): { readonly files: SharedFiles; readonly removed: string[] } {
  const removed: string[] = [];
  return { files: new SharedFiles((path) => removed.push(path)), removed };
}

describe("shared files", () => {
  test("go with the last checkpoint that refers to them", () => {
    const { files, removed } = sharedFiles();
    files.retain(1, ["a", "b"]);
    files.retain(2, ["b", "c"]);
    files.release(1, []);
    expect(removed).toEqual(["a"]);
    files.release(2, []);
    files.release(2, []);
    expect(removed).toEqual(["a", "b", "c"]);
  });

  test("count once for each checkpoint, though several of its tasks share them", () => {
    const { files, removed } = sharedFiles();
    files.retain(1, ["a"]);
    files.retain(1, ["a"]);
    files.release(1, []);
    expect(removed).toEqual(["a"]);
  });

  test("wait for those under way, which may turn out to need them", () => {
    const { files, removed } = sharedFiles();
    files.retain(1, ["a", "b"]);
    files.release(1, [3, 4]);
    files.retain(4, ["a"]);
    files.ended(3);
    expect(removed).toEqual([]);
    files.ended(4);
    expect(removed).toEqual(["b"]);
  });

  // Found by the property test of the coordinator: the first wait is over while the second has to go on.
  test("wait anew if they were needed and released again meanwhile", () => {
    const { files, removed } = sharedFiles();
    files.retain(3, ["a"]);
    files.release(3, [5, 7]);
    files.retain(5, ["a"]);
    files.ended(5);
    files.release(5, [7, 8]);
    files.ended(7);
    expect(removed).toEqual([]);
    files.retain(8, ["a"]);
    files.ended(8);
    expect(removed).toEqual([]);
    files.release(8, []);
    expect(removed).toEqual(["a"]);
  });

  test("of an answer that came too late go, unless somebody else has them", () => {
    const { files, removed } = sharedFiles();
    files.retain(1, ["base"]);
    files.discard(["base", "own"], [2]);
    files.ended(2);
    expect(removed).toEqual(["own"]);
  });
});
