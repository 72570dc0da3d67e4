/** Several stores as one: each call reaches the store of its mount, paths come back as they were given, unknown mounts are refused. */
import { describe, expect, test } from "vitest";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { MountedBlobStore } from "../../../core/storage/mounted.ts";
import type { Outcome } from "../../../core/util/outcome.ts";

function stores(): {
  readonly mounted: MountedBlobStore;
  readonly left: BlobStore;
  readonly right: BlobStore;
  settle(): void;
} {
  const waiting: (() => void)[] = [];
  const defer = (callback: () => void): void => void waiting.push(callback);
  const mounted = new MountedBlobStore(defer);
  const left = new MemoryBlobStore(defer);
  const right = new MemoryBlobStore(defer);
  mounted.mount("left", left);
  mounted.mount("right", right);
  return {
    mounted,
    left,
    right,
    settle() {
      while (waiting.length > 0) waiting.shift()?.();
    },
  };
}

function answered<T>(call: (done: (outcome: Outcome<T>) => void) => void, settle: () => void): Outcome<T> {
  let answer: Outcome<T> | undefined;
  call((outcome) => (answer = outcome));
  expect(answer).toBeUndefined(); // never inside the call
  settle();
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

describe("mounted stores", () => {
  test("keep what is written apart, and list it with the mount's name", () => {
    const { mounted, left, right, settle } = stores();
    const bytes = Uint8Array.of(1, 2, 3);
    expect(answered((done) => mounted.write("left/a/b", [bytes], done), settle).ok).toBe(true);
    expect(answered((done) => mounted.read("left/a/b", done), settle)).toEqual({ ok: true, value: bytes });
    expect(answered((done) => left.read("a/b", done), settle)).toEqual({ ok: true, value: bytes });
    expect(answered((done) => right.list("", done), settle)).toEqual({ ok: true, value: [] });
    expect(answered((done) => mounted.list("left/", done), settle)).toEqual({ ok: true, value: ["left/a/b"] });
    expect(answered((done) => mounted.delete("left/a/b", done), settle).ok).toBe(true);
    expect(answered((done) => mounted.list("left/a", done), settle)).toEqual({ ok: true, value: [] });
  });

  test("refuse paths of a mount that nobody made, later like every answer", () => {
    const { mounted, settle } = stores();
    const outcome = answered((done) => mounted.read("other/a", done), settle);
    expect(outcome.ok ? "" : outcome.error.code).toBe("MR5205");
  });
});
