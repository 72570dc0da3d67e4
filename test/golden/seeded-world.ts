/**
 * The outside world of a golden run: virtual time and blob stores in memory, in which a seed decides every choice, so that a failure replays.
 *
 * In:    what the engine schedules, yields and writes. Out: callbacks, one at a time, ties in an order that the seed decides.
 * State: the events to come, the stores by directory, what metadata became durable. A job that waits for something that will never come is found at
 *        once, since no event is left.
 */
import { decodeMetadata } from "../../core/checkpoint/metadata.ts";
import type { World } from "../../core/cluster/world.ts";
import type { BlobStore } from "../../core/storage/blob-store.ts";
import { MemoryScratch } from "../../core/storage/memory-scratch.ts";
import type { Scratch } from "../../core/storage/scratch.ts";
import { MemoryBlobStore } from "../../core/storage/memory.ts";
import type { Cancel, Clock, TimeMs } from "../../core/time/clock.ts";
import { MillraceError } from "../../core/util/errors.ts";
import { failed, succeeded } from "../../core/util/outcome.ts";
import { SeededRandom } from "../../core/util/random.ts";
import { EventQueue } from "../sim/event-queue.ts";
import type { Faults } from "./faults.ts";

const START_MS = Date.UTC(2030, 0, 1);
/** Reading the clock costs up to this much virtual time, so that turns and slices end at various places. */
const READING_MS_MAX = 0.1;
const STORAGE_MS_MAX = 2;
const EVENTS_MAX = 2_000_000;

class VirtualClock implements Clock {
  readonly #random: SeededRandom;
  readonly #queue = new EventQueue<() => void>();
  #elapsedMs = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  nowMs(): TimeMs {
    return START_MS + Math.floor(this.elapsedMs());
  }

  elapsedMs(): number {
    this.#elapsedMs += this.#random.next() * READING_MS_MAX;
    return this.#elapsedMs;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    return this.#queue.add(this.#elapsedMs + Math.max(delayMs, 0), this.#random.next(), callback);
  }

  yield(callback: () => void): void {
    this.schedule(0, callback);
  }

  /** The next event, with the clock standing at its time; undefined if none is left. */
  next(): (() => void) | undefined {
    const event = this.#queue.next();
    if (event === undefined) return undefined;
    this.#elapsedMs = Math.max(this.#elapsedMs, event.atMs);
    return event.what;
  }
}

/** Whoever wants to know that a checkpoint or savepoint can be restored from now on. */
export type OnDurable = (checkpointId: number) => void;

/** A directory of a disk whose answers take their time, and which fails where the plan of faults says so. */
class SlowStore implements BlobStore {
  readonly name: string;
  readonly #disk: BlobStore;
  readonly #prefix: string;
  readonly #world: SeededWorld;

  constructor(disk: BlobStore, directory: string, world: SeededWorld) {
    this.name = directory;
    this.#disk = disk;
    this.#prefix = `${directory.slice(1)}/`;
    this.#world = world;
  }

  write(path: string, chunks: readonly Uint8Array[], done: Parameters<BlobStore["write"]>[2]): void {
    if (this.#world.faults?.strike("write") === true) return this.#fail(path, done);
    if (this.#world.faults?.strike("write-unknown") === true) {
      // Whoever asks finds the file later, though the answer is an error.
      this.#disk.write(this.#prefix + path, chunks, () => this.#fail(path, done));
      return;
    }
    this.#disk.write(this.#prefix + path, chunks, (outcome) => {
      if (outcome.ok && path.endsWith("_metadata")) this.#world.onDurable(idOf(path, chunks));
      done(outcome);
    });
  }

  read(path: string, done: Parameters<BlobStore["read"]>[1]): void {
    if (this.#world.faults?.strike("read") === true) return this.#fail(path, done);
    this.#disk.read(this.#prefix + path, done);
  }

  delete(path: string, done: Parameters<BlobStore["delete"]>[1]): void {
    if (this.#world.faults?.strike("delete") === true) return this.#fail(path, done);
    this.#disk.delete(this.#prefix + path, done);
  }

  list(prefix: string, done: Parameters<BlobStore["list"]>[1]): void {
    this.#disk.list(this.#prefix + prefix, (outcome) =>
      done(outcome.ok ? succeeded(outcome.value.map((path) => path.slice(this.#prefix.length))) : outcome),
    );
  }

  #fail(path: string, done: (outcome: ReturnType<typeof failed>) => void): void {
    this.#world.later(() => done(failed(new MillraceError("MR5206", `the storage fails on purpose at ${path}`))));
  }
}

export class SeededWorld implements World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly warnings: string[] = [];
  /** Set anew for each job. */
  faults: Faults | undefined = undefined;
  onDurable: OnDurable = () => undefined;
  /** Outlives the jobs. */
  readonly #disk: BlobStore;
  readonly #latency: SeededRandom;
  #memoryStores = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.#latency = new SeededRandom(seed + 1);
    this.clock = new VirtualClock(new SeededRandom(seed + 2));
    this.#disk = new MemoryBlobStore((callback) => this.later(callback));
  }

  memoryStore(): BlobStore {
    this.#memoryStores += 1;
    return this.openStore(`/memory/${this.#memoryStores}`);
  }

  openStore(directory: string): BlobStore {
    return new SlowStore(this.#disk, directory, this);
  }

  openScratch(): Scratch {
    return new MemoryScratch();
  }

  splitPath(path: string): { readonly directory: string; readonly name: string } {
    const slash = path.lastIndexOf("/");
    return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
  }

  pathWithin(directory: string, path: string): string | undefined {
    return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
  }

  warn(line: string): void {
    this.warnings.push(line);
  }

  /** All files of a directory, as full paths. */
  list(directory: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) =>
      this.#disk.list(`${directory.slice(1)}/`, (outcome) =>
        outcome.ok ? resolve(outcome.value.map((path) => `/${path}`)) : reject(outcome.error),
      ),
    );
  }

  read(path: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) =>
      this.#disk.read(path.slice(1), (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error))),
    );
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#disk.write(path.slice(1), [bytes], (outcome) => (outcome.ok ? resolve() : reject(outcome.error))),
    );
  }

  later(callback: () => void): void {
    this.clock.schedule(this.#latency.next() * STORAGE_MS_MAX, callback);
  }

  /** Lets the world go on until `story` has settled. */
  async run<T>(story: () => Promise<T>): Promise<T> {
    let settled = false;
    const told = story().finally(() => {
      settled = true;
    });
    told.catch(() => undefined); // awaited below, once the loop ends
    await breath();
    for (let events = 0; !settled; events += 1) {
      const next = this.clock.next();
      if (next === undefined)
        throw new Error(`nothing is left to happen, and the job waits for ever\n${this.warnings.join("\n")}`);
      if (events > EVENTS_MAX) throw new Error(`the job does not end\n${this.warnings.slice(0, 20).join("\n")}`);
      next();
      await breath();
    }
    return told;
  }

  /** Runs what is left after the last job: nothing may go on for ever. */
  async quiesce(): Promise<void> {
    for (let events = 0; ; events += 1) {
      const next = this.clock.next();
      if (next === undefined) return;
      if (events > 10_000) throw new Error("something goes on after the end of the job");
      next();
      await breath();
    }
  }
}

/** Lets every promise settle that can, as user code may be async. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Checkpoints have their id in their path; savepoints only inside. */
function idOf(path: string, chunks: readonly Uint8Array[]): number {
  const [, digits] = /chk-(\d+)\/_metadata$/.exec(path) ?? [];
  return digits === undefined
    ? decodeMetadata(new Uint8Array(Buffer.concat(chunks)), path).checkpointId
    : Number(digits);
}
