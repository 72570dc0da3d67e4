/**
 * Jobs as processes of their own, which tests kill and start again, as whoever runs `millrace run` would.
 *
 * In:    a job of `jobs/`, its arguments. Out: the process. State: a directory with the checkpoints of all that ran.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../dist/core/cluster/cli/main.js", import.meta.url));

export interface StartOptions {
  /** A list of texts: as they are. Anything else: one argument, as JSON. */
  readonly args: unknown;
  readonly parallelism?: number;
  /** Go on where the newest checkpoint of all that ran before is. Default: true. */
  readonly isRestored?: boolean;
  readonly config?: Readonly<Record<string, string | number>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

export class JobProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #said = "";

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const hear = (chunk: Buffer): void => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-20_000);
    };
    this.#child.stdout?.on("data", hear);
    this.#child.stderr?.on("data", hear);
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve({ code, signal, said: this.#said }));
    });
  }

  get said(): string {
    return this.#said;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<Ended> {
    this.signal("SIGKILL");
    return this.ended;
  }
}

export class JobProcesses {
  readonly #module: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "millrace-jobs-"));
  readonly #all: JobProcess[] = [];

  /** The name of a job of `jobs/`, or where the module of another one is, such as `examples/greeter.js`. */
  constructor(job: string) {
    const path = job.endsWith(".js") ? job : `test/integration/kafka/jobs/${job}.js`;
    this.#module = fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));
  }

  start({ args, parallelism = 1, isRestored = true, config = {} }: StartOptions): JobProcess {
    const newest = isRestored ? this.newest() : undefined;
    const settings = {
      "execution.checkpointing.interval": 150,
      "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
      "restart-strategy.type": "none",
      ...config,
    };
    const job = new JobProcess([
      "run",
      this.#module,
      ...["--parallelism", String(parallelism), "--checkpoint-dir", this.#directory],
      ...(newest === undefined ? [] : ["--restore", newest]),
      ...Object.entries(settings).flatMap(([key, value]) => ["--config", `${key}=${value}`]),
      ...["--", ...(Array.isArray(args) ? args.map(String) : [JSON.stringify(args)])],
    ]);
    this.#all.push(job);
    return job;
  }

  /** The directory of whichever job has completed a checkpoint last. */
  newest(): string | undefined {
    const completed = readdirSync(this.#directory).flatMap((job) =>
      readdirSync(join(this.#directory, job))
        .map((checkpoint) => join(this.#directory, job, checkpoint, "_metadata"))
        .filter((path) => existsSync(path))
        .map((path) => ({ job: join(this.#directory, job), atMs: statSync(path).mtimeMs })),
    );
    return completed.toSorted((left, right) => right.atMs - left.atMs)[0]?.job;
  }

  async close(): Promise<void> {
    for (const job of this.#all) job.signal("SIGCONT");
    await Promise.all(this.#all.map((job) => job.kill()));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
