/** Jobs whose module does in a slot's thread what it did not do in the process: by its first argument, or by the query of its URL. */
import { isMainThread } from "node:worker_threads";
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";

const { searchParams } = new URL(import.meta.url);
const onImport = isMainThread ? null : searchParams.get("import");
if (onImport === "throws") throw new Error("no licence for threads");
if (onImport === "exits") process.exit(Number(searchParams.get("code")));

const job: JobDefinition = defineJob("broken", (env, [what = ""]) => {
  const numbers = env.fromSequence(1, 9);
  if (isMainThread || what === "") return void numbers.map((n) => n + 1).print();
  if (what === "throws") throw new Error("cannot be built here");
  return void numbers.filter((n) => n > 1).print();
});

export default job;
