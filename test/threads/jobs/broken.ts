/** Jobs whose module does in a slot's thread what it did not do in the process: by its first argument, or by the query of its URL. */
import { isMainThread } from "node:worker_threads";
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";

const { searchParams } = new URL(import.meta.url);
const onImport = isMainThread ? null : searchParams.get("import");
if (
  searchParams.get("process") === "throws" &&
  process.send !== undefined &&
  process.argv[1]?.endsWith("slot-process.js") === true
)
  throw new Error("no licence for processes");
if (onImport === "throws") throw new Error("no licence for threads");
if (onImport === "exits") process.exit(Number(searchParams.get("code")));
if (onImport === "waits" || onImport === "hangs") {
  // With something open, the thread stays.
  if (onImport === "hangs") setInterval(() => undefined, 1_000);
  await new Promise(() => undefined);
}

const job: JobDefinition = defineJob("broken", (env, [what = ""]) => {
  const numbers = env.fromSequence(1, 9);
  if (isMainThread || what === "") return void numbers.map((n) => n + 1).print();
  if (what === "throws") throw new Error("cannot be built here");
  return void numbers.filter((n) => n > 1).print();
});

export default job;
