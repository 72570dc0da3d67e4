/** The shortest test of a whole job: whatever crashes, it commits what it commits when nothing does. */
import { checkExactlyOnce } from "millrace/testing";
import { test } from "vitest";
import job from "./basket-reminders.ts";

const events = [
  { person: "ada", item: "tea", atMs: 0 },
  { person: "bob", item: "cup", atMs: 60_000 },
  { person: "ada", atMs: 120_000 },
];

test("reminds exactly once, whatever crashes", async () => {
  await checkExactlyOnce(job, { events });
});
