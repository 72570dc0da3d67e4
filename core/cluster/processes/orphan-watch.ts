/**
 * A thread in the process of a slot that ends it when whoever started it is gone, also while user code runs in an endless loop and nothing else gets a turn.
 *
 * In:   the process that started it, asked for once a second. Out: the end of this process, by force: nobody is left who could be told anything. State: none.
 */
import { workerData } from "node:worker_threads";
import { SystemClock } from "../../time/system-clock.ts";

const LOOK_EVERY_MS = 1_000;

const clock = new SystemClock();
const starter: unknown = workerData;

function look(): void {
  // A process whose parent has ended belongs to another one.
  if (process.ppid !== starter) process.kill(process.pid, "SIGKILL");
  clock.schedule(LOOK_EVERY_MS, look);
}
look();
