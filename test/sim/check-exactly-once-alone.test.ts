/** `checkExactlyOnce` where fast-check is not installed says so; a replay does without it. */
import { expect, test, vi } from "vitest";
import { checkExactlyOnce } from "./check-exactly-once.ts";
import { countingJob, VISITS } from "./user-jobs/counting-jobs.ts";

vi.mock("fast-check", () => {
  throw new Error("Cannot find package 'fast-check'");
});

test("fast-check is asked for by name", async () => {
  await expect(checkExactlyOnce(countingJob, { visits: VISITS })).rejects.toThrow(
    "MR8004: checkExactlyOnce needs fast-check, which is not installed: npm install --save-dev fast-check",
  );
  await expect(checkExactlyOnce(countingJob, { visits: VISITS }, { replay: '{"seed":3}' })).resolves.toEqual({
    runs: 1,
  });
});
