/**
 * Slots as worker threads of this process: each has its own event loop, heap and module instances.
 *
 * An error that nobody catches, a rejection that nobody handles, `process.exit` in user code and a heap that is full end the thread and nothing else.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { assert, asError, MillraceError } from "../../util/errors.ts";
import type { FromSlot, SlotStart, ToSlot } from "../slot-messages.ts";
import type { SlotListener, SpawnedSlot, Spawner } from "../spawner.ts";
import type { ToThread } from "./thread-messages.ts";

export interface ThreadSpawnerOptions {
  /** Of the old generation of each thread's heap; undefined: Node's own limit. */
  readonly heapMb: number | undefined;
}

export class ThreadSpawner implements Spawner {
  readonly #options: ThreadSpawnerOptions;

  constructor(options: ThreadSpawnerOptions) {
    this.#options = options;
  }

  spawn(start: SlotStart, listener: SlotListener): SpawnedSlot {
    return new SlotThread(start, listener, this.#options);
  }
}

/**
 * Records die young: a young generation that holds several batches spares most of their copies. But a third of it may move into a full heap at once, to which
 * Node allows 16 MiB beyond the limit while it ends a thread: with 64 here, one full heap in twenty took the process down.
 */
const YOUNG_MB = 32;

class SlotThread implements SpawnedSlot {
  readonly name: string;
  readonly #worker: Worker;
  #cause: Error | undefined;
  /** It was told to end, or is ended by force. */
  #isEnding: boolean;

  constructor(start: SlotStart, listener: SlotListener, { heapMb }: ThreadSpawnerOptions) {
    this.name = start.name;
    this.#cause = undefined;
    this.#isEnding = false;
    this.#worker = new Worker(new URL("./slot-thread.js", import.meta.url), {
      name: start.name,
      workerData: start,
      // Flags are inherited; but this one says how a program on the command line is to be read, and would be said of the thread's program too.
      ...(process.execArgv.some((flag) => flag.startsWith("--input-type")) ? { execArgv: [] } : {}),
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_MB,
        ...(heapMb === undefined ? {} : { maxOldGenerationSizeMb: heapMb }),
      },
    });
    this.#worker.on("message", (message: FromSlot) => listener.received(message));
    this.#worker.on("error", (error) => {
      this.#cause = reasonOf(start.name, error);
    });
    this.#worker.on("exit", (code) => {
      const exit = (): Error => new MillraceError("MR7010", exitSentence(start.name, code));
      listener.exited(this.#isEnding ? undefined : (this.#cause ?? exit()));
    });
  }

  send(message: ToSlot): void {
    if (message.kind === "end") this.#isEnding = true;
    this.#post(message);
  }

  link(other: SpawnedSlot): void {
    assert(other instanceof SlotThread, "threads are linked with threads");
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ kind: "peer", peer: other.name, port: port1 } satisfies ToThread, [port1]);
    other.#worker.postMessage({ kind: "peer", peer: this.name, port: port2 } satisfies ToThread, [port2]);
  }

  terminate(): void {
    this.#isEnding = true;
    void this.#worker.terminate(); // `exit` says that it is done
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}

/** Node's: nothing is left that could settle what a module awaits at its top level. */
const EXIT_UNSETTLED = 13;

function exitSentence(name: string, code: number): string {
  if (code === EXIT_UNSETTLED)
    return `slot ${name} ended, since the job's module awaits at its top level what never comes`;
  return `slot ${name} ended with exit code ${code}, as if by process.exit: leave that to whoever runs the job`;
}

function reasonOf(name: string, thrown: unknown): Error {
  const error = asError(thrown);
  const { code } = error as NodeJS.ErrnoException; // where it has one
  const sentence =
    code === "ERR_WORKER_OUT_OF_MEMORY"
      ? `slot ${name} has used up its memory; give it more with taskmanager.memory.task.heap.size, or use more slots`
      : `slot ${name} ended by an error that nobody caught: ${error.message}`;
  return new MillraceError("MR7010", sentence, { cause: error });
}
