/**
 * The soak: one job on threads for minutes, of which one is killed every few seconds: `npm run soak -- --minutes 10 --parallelism 2 --kill-every 5s`.
 *
 * Out:  a line now and then, and the rise of memory over the last four fifths. Exit code 1 if a row is wrong, missing or doubled, or, in runs of five minutes
 *       or more, if what the process or its threads hold after a collection rises by more than 1 % a minute.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { JobClient } from "millrace";
import { MiniCluster } from "millrace/cluster";
import { SeededRandom } from "../../core/util/random.ts";
import { toMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { Checker } from "./checker.ts";
import { EXTERNAL_METRIC, HEAP_METRIC } from "./job.ts";
import type { SoakArgs } from "./job.ts";
import { collect } from "./memory.ts";
import type { Held } from "./memory.ts";
import { risePerMinute } from "./rise.ts";
import type { Measured } from "./rise.ts";

const { values: args } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    parallelism: { type: "string", default: "2" },
    "kill-every": { type: "string", default: "5s" },
    /** Records per second; 0: as fast as it goes. */
    rate: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
  },
});

const MINUTES = Number(args.minutes);
const PARALLELISM = Number(args.parallelism);
const RATE = Number(args.rate);
const KILL_EVERY_MS = toMs(args["kill-every"] as Duration, "--kill-every"); // checked there
const LOOK_EVERY_MS = 1_000;
const PEACE_MS = 3_000;
const REPORT_EVERY_MS = Math.min(30_000, (MINUTES * 60_000) / 12);
const RISE_MAX = 0.01;
/** Below this, what is being loaded and compiled weighs more than what leaks. */
const MINUTES_JUDGED = 5;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function megabytes({ heapBytes, externalBytes }: Held): string {
  return `${(heapBytes / 2 ** 20).toFixed(1)}+${(externalBytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Of each thread that has had the time to look. */
function heldBySlots(job: JobClient): readonly Held[] {
  const of = (metric: string): ReadonlyMap<number | undefined, number> =>
    new Map(
      job
        .metrics()
        .filter(({ name }) => name === metric)
        .map(({ scope, value }) => [scope.subtask, Number(value)]),
    );
  const external = of(EXTERNAL_METRIC);
  return [...of(HEAP_METRIC)]
    .filter(([, heapBytes]) => heapBytes > 0)
    .map(([subtask, heapBytes]) => ({ heapBytes, externalBytes: external.get(subtask) ?? 0 }));
}

class Soak {
  readonly #startMs = performance.now();
  readonly #random = new SeededRandom(Number(args.seed));
  readonly #main: Measured[] = [];
  readonly #slots: Measured[] = [];
  readonly #cluster = new MiniCluster({ taskManagers: PARALLELISM, slots: 1 });
  readonly #directory = mkdtempSync(join(tmpdir(), "millrace-soak-"));
  readonly #checker = new Checker(this.#directory);
  #kills = 0;

  async run(): Promise<void> {
    const checkpoints = mkdtempSync(join(tmpdir(), "millrace-soak-checkpoints-"));
    try {
      const job = await this.#submit(checkpoints);
      // If the job fails, that is what ends the run.
      await Promise.race([job.result(), this.#watch(job)]);
      await job.stopWithSavepoint({ directory: checkpoints, drain: true });
      const records = this.#checker.checkEnd();
      const { restarts, checkpoints: completed } = await job.result();
      const events = `${this.#kills} kills, ${restarts} restarts, ${completed} checkpoints`;
      say(`${this.#checker.rows} rows of ${records} records, all right; ${events}`);
      this.#judge();
    } finally {
      await this.#cluster.close();
      for (const path of [this.#directory, checkpoints]) rmSync(path, { recursive: true, force: true });
    }
  }

  #submit(checkpoints: string): Promise<JobClient> {
    const soak: SoakArgs = { out: this.#directory, ratePerSecond: RATE };
    return this.#cluster.submit(new URL("./job.js", import.meta.url), {
      args: [JSON.stringify(soak)],
      config: {
        "parallelism.default": PARALLELISM,
        "execution.checkpointing.interval": "1s",
        "execution.checkpointing.dir": checkpoints,
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 1_000_000,
        "restart-strategy.fixed-delay.delay": 0,
      },
    });
  }

  /** Kills, checks and reports, until the time is over; at its end the job is left in peace, so that it can stop. */
  async #watch(job: JobClient): Promise<void> {
    let killMs = performance.now() + KILL_EVERY_MS;
    let reportMs = performance.now() + REPORT_EVERY_MS;
    const endMs = this.#startMs + MINUTES * 60_000;
    while (performance.now() < endMs && job.status() !== "FAILED") {
      await pause(LOOK_EVERY_MS);
      this.#checker.check();
      if (performance.now() >= killMs && killMs < endMs - PEACE_MS) {
        killMs += KILL_EVERY_MS;
        this.#kill();
      }
      if (performance.now() < reportMs) continue;
      reportMs += REPORT_EVERY_MS;
      this.#report(job);
    }
  }

  #kill(): void {
    const ids = this.#cluster.taskManagers();
    this.#kills += 1;
    this.#cluster.killSlot(ids[Math.floor(this.#random.next() * ids.length)] ?? "", 0);
  }

  #report(job: JobClient): void {
    const atMs = performance.now() - this.#startMs;
    const main = collect();
    const slots = heldBySlots(job);
    this.#main.push({ atMs, value: main.heapBytes + main.externalBytes });
    for (const slot of slots) this.#slots.push({ atMs, value: slot.heapBytes + slot.externalBytes });
    const seconds = (atMs / 1_000).toFixed(0).padStart(4);
    say(
      `${seconds} s  ${this.#checker.rows} rows  ${this.#kills} kills  process ${megabytes(main)}  slots ${slots.map(megabytes).join(", ")}`,
    );
  }

  #judge(): void {
    const fromMs = (performance.now() - this.#startMs) / 5;
    const rise = (measured: readonly Measured[]): number =>
      risePerMinute(measured.filter(({ atMs }) => atMs >= fromMs));
    const rises = { process: rise(this.#main), slots: rise(this.#slots) };
    const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
    say(`rise per minute: process ${percent(rises.process)}, slots ${percent(rises.slots)}`);
    if (MINUTES >= MINUTES_JUDGED && Math.max(rises.process, rises.slots) > RISE_MAX) {
      say(`that is more than ${percent(RISE_MAX)}: something is kept that should not be`);
      process.exitCode = 1;
    }
  }
}

try {
  await new Soak().run();
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
