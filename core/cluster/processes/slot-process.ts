/**
 * The program of a slot process, which serves a job until it is over: messages and links of a slot over the one channel to the process that started it.
 *
 * In:   messages of that process, the first of which says what to do. Out: messages to it. It ends by itself when nothing is open any more, and at once when
 *       that process is gone (a thread of its own looks: user code may never give the event loop a turn); signals from the terminal are for that process to handle.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../../util/errors.ts";
import type { PeerLink } from "../peers.ts";
import { toWire } from "../rpc/wire-error.ts";
import type { SlotEndpoint } from "../slot-endpoint.ts";
import type { SlotStart } from "../slot-messages.ts";
import { createSlot } from "../slot-program.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";

const EXIT_UNCAUGHT = 1;
const EXIT_ALONE = 2;

class SlotProcess {
  readonly #links = new Map<string, PeerLink>();
  /** Came before the job was built. */
  #early: ToProcess[] = [];
  #endpoint: SlotEndpoint | undefined = undefined;
  #isEnding = false;

  received(message: ToProcess): void {
    if (message.kind === "start") void this.#begin(message.start);
    else if (this.#endpoint === undefined) this.#early.push(message);
    else this.#take(message, this.#endpoint);
  }

  disconnected(): void {
    if (!this.#isEnding) process.exit(EXIT_ALONE);
  }

  async #begin(start: SlotStart): Promise<void> {
    const endpoint = await createSlot({
      start,
      // What arrives is taken in by the event loop alone.
      poll: () => undefined,
      send: say,
      ended: () => {
        this.#isEnding = true;
        process.disconnect();
      },
    });
    this.#endpoint = endpoint;
    for (const message of this.#early.splice(0)) this.#take(message, endpoint);
    endpoint.begin();
  }

  #take(message: ToProcess, endpoint: SlotEndpoint): void {
    switch (message.kind) {
      case "start":
        return assert(false, "a slot is started once");
      case "linked":
        return endpoint.peers.linked(message.peer, this.#linkTo(message.peer));
      case "from-peer": {
        const link = this.#links.get(message.peer);
        if (link !== undefined) endpoint.peers.received(message.message, link);
        return;
      }
      case "peer-lost":
        this.#links.delete(message.peer);
        return endpoint.peers.lost(message.peer);
      default:
        return endpoint.receive(message);
    }
  }

  #linkTo(peer: string): PeerLink {
    const link: PeerLink = {
      send: (message) => say({ kind: "to-peer", peer, message }),
      close: () => void this.#links.delete(peer),
    };
    this.#links.set(peer, link);
    return link;
  }
}

/** What nobody can be told any more is lost with whoever should hear it. */
function say(message: FromProcess, done: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, done);
  else done();
}

const slot = new SlotProcess();
new Worker(new URL("./orphan-watch.js", import.meta.url), { workerData: process.ppid, execArgv: [] }).unref();
process.on("message", (message) => slot.received(message as ToProcess)); // nothing else is sent here
process.on("disconnect", () => slot.disconnected());
process.on("uncaughtException", (error) =>
  say({ kind: "uncaught", error: toWire(error) }, () => process.exit(EXIT_UNCAUGHT)),
);
// A terminal sends them to all that it runs; who started this process says what is to be done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
