/** Names of savepoints, and who owns the snapshot that a job starts from. */
import { expect, test } from "vitest";
import { checkpointIdOf, savepointDirectory } from "../../../core/checkpoint/directories.ts";
import { claim } from "../../../core/checkpoint/savepoint.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { checkpointWith } from "./samples.ts";

test("names of savepoints tell the job and do not repeat", () => {
  const random = new SeededRandom(1);
  const first = savepointDirectory({ parent: "saves", jobId: "0123456789abcdef", random });
  const second = savepointDirectory({ parent: "", jobId: "0123456789abcdef", random });
  expect(first).toMatch(/^saves\/savepoint-012345-[0-9a-f]{12}$/);
  expect(second).toMatch(/^savepoint-012345-[0-9a-f]{12}$/);
  expect(first.slice(-12)).not.toBe(second.slice(-12));
});

test("only directories of checkpoints have an id", () => {
  expect(["chk-12", "a/chk-0", "a/savepoint-1-2", "chk-", "chk-1x", "chk-1/f", ""].map(checkpointIdOf)).toEqual([
    12,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a claimed snapshot belongs to the job, another does not", () => {
  const snapshot = checkpointWith(3, []);
  const claimed = claim(snapshot, { claimMode: "CLAIM", sameStore: true });
  expect([claimed.owned, claimed.store.retained()]).toEqual([true, [snapshot]]);
  const borrowed = claim(snapshot, { claimMode: "NO_CLAIM", sameStore: false });
  expect([borrowed.owned, borrowed.store.retained()]).toEqual([false, []]);
  expect(() => claim(snapshot, { claimMode: "CLAIM", sameStore: false })).toThrow(/MR5013.*claim-mode to NO_CLAIM/);
});
