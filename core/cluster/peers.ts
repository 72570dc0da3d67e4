/**
 * The links of a slot to the other slots of its job: channel messages go from offer to offer, over one link per pair of slots.
 *
 * In:   messages to send; links, as they are made and lost. Out: messages to the worker, and news of offers that cannot be reached any more.
 * State: links; what waits for a link that was asked for; the names that were lost last. A link that is lost is not made again: a slot that is replaced has another name.
 */
import { slotOfOffer } from "./slot-messages.ts";
import type { ToPeer } from "./slot-messages.ts";
import type { SlotWorker } from "./slot-worker.ts";

export interface PeerLink {
  send(message: ToPeer): void;
  close(): void;
}

type ChannelToPeer = Extract<ToPeer, { readonly kind: "channel" }>;

export interface PeersOptions {
  readonly worker: Pick<SlotWorker, "receive" | "holds" | "disconnected">;
  /** Asks for a link; `linked` or `refused` follows. */
  connect(peer: string): void;
  /** Calls back later: whoever sends must not fail within the call. */
  defer(callback: () => void): void;
}

type Peer =
  | { readonly kind: "awaited"; readonly waiting: ChannelToPeer[] }
  | { readonly kind: "linked"; readonly link: PeerLink }
  | { readonly kind: "lost" };

/** So many names of lost slots are known. */
const LOST_MAX = 64;

export class Peers {
  readonly #options: PeersOptions;
  readonly #peers: Map<string, Peer>;
  /** Of each peer, the offers that were ever sent to or heard from. */
  readonly #offers: Map<string, Set<string>>;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#peers = new Map();
    this.#offers = new Map();
  }

  send(message: ChannelToPeer): void {
    const name = this.#knows(message.to);
    const peer = this.#peers.get(name);
    if (peer === undefined) {
      this.#peers.set(name, { kind: "awaited", waiting: [message] });
      this.#options.connect(name);
    } else if (peer.kind === "linked") peer.link.send(message);
    else if (peer.kind === "awaited") peer.waiting.push(message);
    else this.#options.defer(() => this.#gone(message.to));
  }

  linked(name: string, link: PeerLink): void {
    const peer = this.#peers.get(name);
    this.#peers.set(name, { kind: "linked", link });
    if (peer?.kind === "awaited") for (const message of peer.waiting) link.send(message);
  }

  received(message: ToPeer, link: PeerLink): void {
    if (message.kind === "gone") return this.#gone(message.offer);
    this.#knows(message.from);
    const { worker } = this.#options;
    if (worker.holds(message.to)) worker.receive(message.to, message.message);
    else link.send({ kind: "gone", offer: message.to });
  }

  /** There is no such slot. */
  refused(name: string): void {
    this.lost(name);
  }

  lost(name: string): void {
    this.#peers.delete(name); // to be the last of those that were lost
    this.#peers.set(name, { kind: "lost" });
    for (const offer of this.#offers.get(name) ?? []) this.#gone(offer);
    this.#offers.delete(name);
    this.#forgetOldest();
  }

  /** Whoever was lost long ago is not written to any more. */
  #forgetOldest(): void {
    const lost = [...this.#peers].filter(([, { kind }]) => kind === "lost");
    for (const [name] of lost.slice(0, Math.max(0, lost.length - LOST_MAX))) {
      this.#peers.delete(name);
      this.#offers.delete(name);
    }
  }

  close(): void {
    for (const peer of this.#peers.values()) if (peer.kind === "linked") peer.link.close();
    this.#peers.clear();
  }

  #gone(offer: string): void {
    this.#options.worker.disconnected(offer, new Error("it is not there any more"));
  }

  #knows(offer: string): string {
    const name = slotOfOffer(offer);
    const known = this.#offers.get(name);
    if (known === undefined) this.#offers.set(name, new Set([offer]));
    else known.add(offer);
    return name;
  }
}
