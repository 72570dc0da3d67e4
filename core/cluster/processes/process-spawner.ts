/**
 * Slots as processes, each with one: what crashes native code, or takes memory outside the heap without an end, takes one slot with it and no more.
 *
 * In:   what a slot has to know. Out: the slot. State: for each process, whom it is linked with.
 * Cost: processes have no port to each other, so what slots tell each other passes through the process that started them, copied twice.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { assert, asError, MillraceError } from "../../util/errors.ts";
import { fromWire } from "../rpc/wire-error.ts";
import type { SlotStart, ToSlot } from "../slot-messages.ts";
import type { SlotListener, SpawnedSlot, Spawner } from "../spawner.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";

export interface ProcessSpawnerOptions {
  /** Of the old generation of each heap; undefined: Node's own limit. */
  readonly heapMb: number | undefined;
}

export class ProcessSpawner implements Spawner {
  readonly #options: ProcessSpawnerOptions;

  constructor(options: ProcessSpawnerOptions) {
    this.#options = options;
  }

  spawn(start: SlotStart, listener: SlotListener): SpawnedSlot {
    return new SpawnedProcess(start, listener, this.#options);
  }
}

class SpawnedProcess implements SpawnedSlot {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #listener: SlotListener;
  readonly #peers: Map<string, SpawnedProcess>;
  #cause: Error | undefined;
  /** It was told to end, or is ended by force. */
  #isEnding: boolean;
  #hasExited: boolean;
  #isOver: boolean;

  constructor(start: SlotStart, listener: SlotListener, { heapMb }: ProcessSpawnerOptions) {
    this.name = start.name;
    this.#listener = listener;
    this.#peers = new Map();
    this.#cause = undefined;
    this.#isEnding = false;
    this.#hasExited = false;
    this.#isOver = false;
    this.#child = fork(new URL("./slot-process.js", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...inheritedFlags(), ...(heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`])],
    });
    this.#child.on("message", (message) => this.#received(message as FromProcess)); // what `slot-process.ts` sends
    this.#child.on("error", (error) => {
      this.#cause ??= new MillraceError("MR7010", `slot ${this.name} is no process: ${error.message}`, {
        cause: error,
      });
      if (this.#child.pid === undefined) this.#over();
    });
    this.#child.on("exit", (code, signal) => {
      this.#hasExited = true;
      this.#cause ??= new MillraceError("MR7010", exitSentence(this.name, { code, signal }));
      if (!this.#child.connected) this.#over();
    });
    // Once everything that it has said is here.
    this.#child.on("disconnect", () => {
      if (this.#hasExited) this.#over();
    });
    this.#post({ kind: "start", start });
  }

  send(message: ToSlot): void {
    if (message.kind === "end") this.#isEnding = true;
    this.#post(message);
  }

  link(other: SpawnedSlot): void {
    assert(other instanceof SpawnedProcess, "processes are linked with processes");
    this.#linkTo(other);
    other.#linkTo(this);
  }

  terminate(): void {
    this.#isEnding = true;
    this.#child.kill("SIGKILL");
  }

  #linkTo(peer: SpawnedProcess): void {
    if (peer.#isOver) return this.#post({ kind: "peer-lost", peer: peer.name });
    this.#peers.set(peer.name, peer);
    return this.#post({ kind: "linked", peer: peer.name });
  }

  #received(message: FromProcess): void {
    if (message.kind === "to-peer") {
      const peer = this.#peers.get(message.peer);
      if (peer !== undefined) peer.#post({ kind: "from-peer", peer: this.name, message: message.message });
    } else if (message.kind === "uncaught") this.#cause = uncaught(this.name, fromWire(message.error));
    else this.#listener.received(message);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const peer of this.#peers.values()) {
      peer.#peers.delete(this.name);
      peer.#post({ kind: "peer-lost", peer: this.name });
    }
    this.#peers.clear();
    this.#listener.exited(this.#isEnding ? undefined : this.#cause);
  }

  #post(message: ToProcess): void {
    // It may end at any time; that it has, is told otherwise.
    if (this.#child.connected) this.#child.send(message, undefined, {}, () => undefined);
  }
}

/** A flag that is followed by a program, which the slot would run in place of its own. */
const PROGRAM_FLAGS: ReadonlySet<string> = new Set(["-e", "--eval", "-p", "--print", "-pe"]);

/** But for those that have a program on the command line, or say how it is to be read, and where a debugger listens. */
function inheritedFlags(): readonly string[] {
  return process.execArgv.filter(
    (flag, at, flags) =>
      !PROGRAM_FLAGS.has(flag) &&
      !PROGRAM_FLAGS.has(flags[at - 1] ?? "") &&
      !/^--(?:input-type|inspect|eval=|print=)/.test(flag),
  );
}

function uncaught(name: string, thrown: unknown): Error {
  const error = asError(thrown);
  return new MillraceError("MR7010", `slot ${name} ended by an error that nobody caught: ${error.message}`, {
    cause: error,
  });
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Node's: nothing is left that could settle what a module awaits at its top level. */
const EXIT_UNSETTLED = 13;

function exitSentence(name: string, { code, signal }: Exit): string {
  if (signal === "SIGABRT")
    return `slot ${name} has aborted, as processes do when they have used up their memory; give it more with taskmanager.memory.task.heap.size, or use more slots`;
  if (signal !== null)
    return `slot ${name} was ended by ${signal}; see what the system says of its memory, and of native code that the job uses`;
  if (code === EXIT_UNSETTLED)
    return `slot ${name} ended, since the job's module awaits at its top level what never comes`;
  return `slot ${name} ended with exit code ${code}, as if by process.exit: leave that to whoever runs the job`;
}
