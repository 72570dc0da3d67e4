/**
 * The network of a simulation: connections between processes, each in order, all of them slow in their own way, and lost now and then.
 *
 * In:   messages, as calls to make at the other end. Out: those calls, in order per connection, in the process that they are for.
 * Nothing is lost but with its connection. Whether a connection is broken each end hears in its own time; what it sent meanwhile never arrives. While two
 * processes are parted, messages between them wait; if that takes too long, the connection breaks.
 */
import type { SimProcess, SimScheduler } from "./scheduler.ts";
import type { Random } from "../../core/util/random.ts";

/** How long a connection lives without hearing of the other end, in true time. */
const GIVEN_UP_AFTER_MS = 20_000;

export interface NetworkOptions {
  readonly scheduler: SimScheduler;
  readonly random: Random;
  /** Most messages take up to this long; a few take ten times as long. */
  readonly latencyMsMax: number;
}

/** An end of a connection. */
export interface ConnectionEnd {
  readonly process: SimProcess;
  /** Called once: the other end does not answer any more. */
  onBroken?(cause: Error): void;
}

export class Connection {
  readonly ends: readonly [ConnectionEnd, ConnectionEnd];
  readonly #network: SimNetwork;
  /** By direction: before this moment nothing that is sent now may arrive. */
  readonly #notBefore: [number, number] = [0, 0];
  #isBroken = false;

  /** @internal Made by {@link SimNetwork.connect}. */
  constructor(network: SimNetwork, ends: readonly [ConnectionEnd, ConnectionEnd]) {
    this.#network = network;
    this.ends = ends;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** From one end to the other, by index. */
  send(from: 0 | 1, deliver: () => void): void {
    if (this.#isBroken) return;
    const { scheduler } = this.#network;
    const to = from === 0 ? 1 : 0;
    const atMs = Math.max(
      scheduler.nowMs + this.#network.latency(),
      this.#notBefore[from],
      this.#network.partedUntil(this.ends[0].process, this.ends[1].process),
    );
    this.#notBefore[from] = atMs;
    // A hair apart, since events of one time may come in any order.
    this.#notBefore[from] += 1e-6;
    scheduler.at(this.ends[to].process, atMs - scheduler.nowMs, () => {
      if (!this.#isBroken) deliver();
    });
  }

  /** What is under way is lost, and both ends hear of it. */
  break(reason: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#network.forget(this);
    const cause = new Error(reason);
    for (const end of this.ends) {
      this.#network.scheduler.at(end.process, this.#network.latency(), () => end.onBroken?.(cause));
    }
  }
}

export class SimNetwork {
  readonly scheduler: SimScheduler;
  readonly #options: NetworkOptions;
  readonly #connections = new Set<Connection>();
  /** Until when the processes of one side reach nobody of the other. */
  #parted: { readonly side: ReadonlySet<SimProcess>; readonly untilMs: number }[] = [];

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.scheduler = options.scheduler;
  }

  connect(one: ConnectionEnd, other: ConnectionEnd): Connection {
    const connection = new Connection(this, [one, other]);
    this.#connections.add(connection);
    if (one.process.isDead || other.process.isDead) connection.break("nobody is there");
    return connection;
  }

  connections(): readonly Connection[] {
    return [...this.#connections];
  }

  /** A process is gone: its peers hear of it. */
  gone(process: SimProcess): void {
    for (const connection of this.#connections)
      if (connection.ends.some((end) => end.process === process)) connection.break(`${process.name} is gone`);
  }

  /** Nobody of `side` reaches anybody else for a while. Connections that would stay silent for too long break. */
  part(side: readonly SimProcess[], durationMs: number): void {
    const untilMs = this.scheduler.nowMs + durationMs;
    const parted = { side: new Set(side), untilMs };
    this.#parted = [...this.#parted.filter((other) => other.untilMs > this.scheduler.nowMs), parted];
    if (durationMs <= GIVEN_UP_AFTER_MS) return;
    this.scheduler.at(undefined, GIVEN_UP_AFTER_MS, () => {
      for (const connection of this.#connections) {
        const [one, other] = connection.ends;
        if (parted.side.has(one.process) !== parted.side.has(other.process)) connection.break("the network is parted");
      }
    });
  }

  /** @internal */
  partedUntil(one: SimProcess, other: SimProcess): number {
    let untilMs = 0;
    for (const { side, untilMs: end } of this.#parted)
      if (side.has(one) !== side.has(other)) untilMs = Math.max(untilMs, end);
    return untilMs;
  }

  /** @internal */
  latency(): number {
    const { random, latencyMsMax } = this.#options;
    const most = random.next() < 0.05 ? latencyMsMax * 10 : latencyMsMax;
    return random.next() * most;
  }

  /** @internal */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }
}
