/**
 * What tests of jobs on threads share: clusters that are closed in any case, jobs from `dist`, directories, and what was written to stderr meanwhile.
 *
 * In:    a story with a cluster in it. Out: what the story returns, once every thread of it is gone.
 */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ConfigValues } from "millrace";
import { MiniCluster } from "millrace/cluster";
import type { MiniClusterOptions } from "millrace/cluster";
import { vi } from "vitest";

/** No test waits for so long, unless something hangs. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 5;

/** Restarts at once, and checkpoints all the time. */
export const BUSY: ConfigValues = {
  "execution.checkpointing.interval": 40,
  "restart-strategy.type": "fixed-delay",
  "restart-strategy.fixed-delay.attempts": 100,
  "restart-strategy.fixed-delay.delay": 0,
};

export interface Stage {
  readonly cluster: MiniCluster;
  /** A directory that is there while the story lasts. */
  readonly directory: string;
  /** Lines that were written to stderr since it began. */
  warnings(): readonly string[];
}

/** The module of a job in `test/threads/jobs`, as it is built. */
export function jobModule(name: string): URL {
  return new URL(`../../dist/test/threads/jobs/${name}.js`, import.meta.url);
}

export async function onStage<T>(options: MiniClusterOptions, story: (stage: Stage) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "millrace-threads-")));
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const cluster = new MiniCluster(options);
  try {
    const warnings = (): readonly string[] => stderr.mock.calls.flatMap(([text]) => String(text).split("\n", 1));
    return await story({ cluster, directory, warnings });
  } finally {
    await cluster.close();
    stderr.mockRestore();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Looks again and again, since what is awaited happens in other threads. */
export async function until(holds: () => boolean, what: string, show: () => unknown = () => ""): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += LOOK_EVERY_MS) {
    if (waitedMs > PATIENCE_MS) throw new Error(`waited in vain until ${what}: ${JSON.stringify(show())}`);
    await pause(LOOK_EVERY_MS);
  }
}

/** The lines of all visible files, sorted: the order of files is not part of what a job promises. */
export function rowsIn(directory: string): readonly string[] {
  return visibleFiles(directory)
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1))
    .toSorted();
}

export function visibleFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith("."));
  } catch {
    return []; // nobody has written yet
  }
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not reject with an error");
}
