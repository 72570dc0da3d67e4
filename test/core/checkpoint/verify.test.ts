/** Whether a file that cannot be used may become usable: a storage that is away may come back, a file that is gone or damaged does not. */
import { expect, test } from "vitest";
import { readStateFile } from "../../../core/checkpoint/verify.ts";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { noBlobAt } from "../../../core/storage/blob-paths.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Outcome } from "../../../core/util/outcome.ts";

const BYTES = Uint8Array.of(1, 2, 3);
const FILE = { path: "chk-1/a", bytes: BYTES.length, checksum: crc32(BYTES) };

function reading(answer: Outcome<Uint8Array>): Outcome<Uint8Array> {
  const storage: BlobStore = {
    name: "a store",
    read: (_path, done) => done(answer),
    write: (_path, _chunks, done) => done(succeeded(undefined)),
    delete: (_path, done) => done(succeeded(undefined)),
    list: (_prefix, done) => done(succeeded([])),
  };
  let outcome: Outcome<Uint8Array> = answer;
  readStateFile(storage, FILE, (said) => (outcome = said));
  return outcome;
}

test.each([
  ["a storage that is away", failed(new MillraceError("MR5206", "timed out")), true],
  ["a file that is gone", failed(noBlobAt("a store", FILE.path)), false],
  ["a file that is cut short", succeeded(BYTES.subarray(1)), false],
  ["a file that was changed", succeeded(Uint8Array.of(1, 2, 4)), false],
] as const)("%s", (_what, answer, retryable) => {
  expect(reading(answer)).toMatchObject({ ok: false, error: { code: "MR5004", retryable } });
});

test("a sound file is handed on", () => expect(reading(succeeded(BYTES))).toEqual(succeeded(BYTES)));
