/**
 * The program of a slot thread, which serves a job until it is over: messages and links of a slot as ports of a thread.
 *
 * In:   `SlotStart` as the thread's data; messages of its process. Out: messages to it. The thread ends by itself when nothing is open any more.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { assert } from "../../util/errors.ts";
import type { PeerLink, Peers } from "../peers.ts";
import type { SlotStart, ToPeer } from "../slot-messages.ts";
import { createSlot } from "../slot-program.ts";
import type { ToThread } from "./thread-messages.ts";

function transferable(message: ToPeer): ArrayBuffer[] {
  if (message.kind !== "channel" || message.message.message.kind !== "records") return [];
  const { buffer, byteLength } = message.message.message.frame;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function linkTo(port: MessagePort): PeerLink {
  return {
    send: (message) => port.postMessage(message, transferable(message)),
    close: () => port.close(),
  };
}

/** The links of this thread to others. */
class Links {
  readonly #ports = new Map<MessagePort, (message: ToPeer) => void>();

  add(peer: string, port: MessagePort, peers: Peers): void {
    const link = linkTo(port);
    const received = (message: ToPeer): void => peers.received(message, link);
    this.#ports.set(port, received);
    port.on("message", received);
    port.on("close", () => {
      this.#ports.delete(port);
      peers.lost(peer);
    });
    peers.linked(peer, link);
  }

  poll(): void {
    for (const [port, received] of this.#ports) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        received(next.message as ToPeer); // nothing else is sent here
    }
  }
}

async function serve(parent: MessagePort, start: SlotStart): Promise<void> {
  const links = new Links();
  const endpoint = await createSlot({
    start,
    poll: () => links.poll(),
    send: (message) => parent.postMessage(message),
    ended: () => parent.close(),
  });
  parent.on("message", (message: ToThread) => {
    if (message.kind === "peer") links.add(message.peer, message.port, endpoint.peers);
    else endpoint.receive(message);
  });
  endpoint.begin();
}

assert(parentPort !== null, "this file is the program of a thread");
await serve(parentPort, workerData as SlotStart); // what `ThreadSpawner` gives it
