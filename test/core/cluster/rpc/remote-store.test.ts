/** A store in another thread answers as the store itself, in any order, and copies no more than what is written. */
import { beforeEach, describe, expect, test } from "vitest";
import { RemoteBlobStore, serveStore } from "../../../../core/cluster/rpc/remote-store.ts";
import type { StoreAnswer, StoreRequest } from "../../../../core/cluster/rpc/remote-store.ts";
import { MemoryBlobStore } from "../../../../core/storage/memory.ts";
import type { MillraceError } from "../../../../core/util/errors.ts";
import type { Outcome } from "../../../../core/util/outcome.ts";

let requests: StoreRequest[];
let yielded: (() => void)[];
let remote: RemoteBlobStore;
let store: MemoryBlobStore;

beforeEach(() => {
  requests = [];
  yielded = [];
  remote = new RemoteBlobStore((request) => requests.push(structuredClone(request)));
  store = new MemoryBlobStore((callback) => yielded.push(callback));
});

/** What the store says to the requests so far. */
function answers(): StoreAnswer[] {
  const given: StoreAnswer[] = [];
  for (const request of requests.splice(0)) serveStore(store, request, (answer) => given.push(structuredClone(answer)));
  for (const callback of yielded.splice(0)) callback();
  return given;
}

function answerAll(): void {
  for (const answer of answers()) remote.answered(answer);
}

function value<T>(ask: (done: (outcome: Outcome<T>) => void) => void): T {
  let outcome: Outcome<T> | undefined;
  ask((told) => (outcome = told));
  answerAll();
  if (outcome?.ok !== true) throw outcome?.error ?? new Error("no answer");
  return outcome.value;
}

describe("a remote store", () => {
  test("writes, reads, lists and deletes", () => {
    value<void>((done) => remote.write("a/b", [new Uint8Array([1, 2]), new Uint8Array([3])], done));
    value<void>((done) => remote.write("a/c", [], done));
    expect(value<Uint8Array>((done) => remote.read("a/b", done))).toEqual(new Uint8Array([1, 2, 3]));
    expect([...value<readonly string[]>((done) => remote.list("a/", done))].toSorted()).toEqual(["a/b", "a/c"]);
    value<void>((done) => remote.delete("a/b", done));
    expect(value<readonly string[]>((done) => remote.list("a/", done))).toEqual(["a/c"]);
  });

  test("fails as the store does", () => {
    let error: MillraceError | undefined;
    remote.read("nothing", (outcome) => (error = outcome.ok ? undefined : outcome.error));
    answerAll();
    let own: MillraceError | undefined;
    store.read("nothing", (outcome) => (own = outcome.ok ? undefined : outcome.error));
    for (const callback of yielded.splice(0)) callback();
    expect(own).toBeDefined();
    expect(error).toMatchObject({ code: own?.code, message: own?.message });
  });

  test("tells answers apart, in whichever order they come", () => {
    value<void>((done) => remote.write("x", [new Uint8Array([1])], done));
    value<void>((done) => remote.write("y", [new Uint8Array([2])], done));
    const read: unknown[] = [];
    for (const path of ["x", "y"]) remote.read(path, (outcome) => read.push(outcome.ok && [path, ...outcome.value]));
    for (const answer of answers().toReversed()) remote.answered(answer);
    expect(read).toEqual([
      ["y", 2],
      ["x", 1],
    ]);
  });

  test("sends the bytes that are written, and not the whole buffer that they lie in", () => {
    const pool = new Uint8Array(1_000);
    remote.write("z", [pool.subarray(10, 12)], () => undefined);
    expect(requests[0]?.chunks[0]?.buffer.byteLength).toBe(2);
  });
});
