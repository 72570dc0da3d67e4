/**
 * One broker as a process of its own, broker and controller at once, with its data in a folder.
 *
 * It ends with the process that started it, however that one ends: a watcher beside it holds one end of a pipe, and kills it when the other end is gone.
 */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export interface KafkaNodeOptions {
  readonly jars: string;
  readonly folder: string;
  readonly clusterId: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

const JVM = ["-Xms96m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
const STARTED = "Kafka Server started";
const START_MAX_MS = 60_000;
const POLL_MS = 50;

/** The shell becomes the broker, so that both have one process id; descriptor 3 is the pipe. */
const WATCHED = '(cat <&3 >/dev/null 2>&1; kill -9 $$ 2>/dev/null) & exec "$@" 3<&-';

export class KafkaNode {
  readonly #options: KafkaNodeOptions;
  #process: ChildProcess | undefined;

  constructor(options: KafkaNodeOptions) {
    this.#options = options;
  }

  /** Settles when it answers. On data that is there already it goes on where it was. */
  async start(): Promise<void> {
    const { folder, jars } = this.#options;
    await mkdir(folder, { recursive: true });
    const settings = join(folder, "server.properties");
    const lines = Object.entries(this.#options.settings).map(([name, value]) => `${name}=${value}`);
    await writeFile(settings, `${lines.join("\n")}\nlog.dirs=${join(folder, "data")}\n`);
    const java = ["-cp", `${jars}/*`];
    if (!existsSync(join(folder, "data/meta.properties"))) {
      const format = ["kafka.tools.StorageTool", "format", "-t", this.#options.clusterId, "-c", settings];
      await promisify(execFile)("java", [...JVM, ...java, ...format]);
    }
    const log = await open(join(folder, "log"), "w");
    const command = ["java", ...JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=info", ...java, "kafka.Kafka", settings];
    const process = spawn("sh", ["-c", WATCHED, "sh", ...command], { stdio: ["ignore", log.fd, log.fd, "pipe"] });
    await log.close();
    this.#process = process;
    process.once("exit", () => {
      const [, , , pipe] = process.stdio;
      pipe?.destroy();
    });
    await this.#started(process);
  }

  /** As a crash. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** In an orderly way; its partitions move to other nodes first. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** It does nothing any more, but its connections stay. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async log(): Promise<string> {
    return readFile(join(this.#options.folder, "log"), "utf8");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    process.kill(signal);
    process.kill("SIGCONT");
    await ended;
  }

  async #started(process: ChildProcess): Promise<void> {
    for (let waitedMs = 0; waitedMs < START_MAX_MS; waitedMs += POLL_MS) {
      const log = await this.log();
      if (log.includes(STARTED)) return;
      if (process.exitCode !== null || process.signalCode !== null)
        throw new Error(`the broker has not started: ${reasonIn(log)}`);
      await sleep(POLL_MS);
    }
    throw new Error(`the broker does not start: ${reasonIn(await this.log())}`);
  }
}

/** What it complained of first; otherwise what it said last. */
function reasonIn(log: string): string {
  const lines = log.split("\n");
  const complaints = lines.filter((line) => / ERROR |Exception: /.test(line)).slice(0, 5);
  return (complaints.length === 0 ? lines.slice(-10) : complaints).join("\n");
}
