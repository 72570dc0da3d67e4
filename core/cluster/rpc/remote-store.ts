/**
 * A blob store that lives in another thread: for checkpoints in memory, which slots write and the job's master keeps.
 *
 * In:   calls at one end. Out: the same calls of the store at the other, and their answers back. Stores of directories are opened where they are used.
 */
import type { BlobStore } from "../../storage/blob-store.ts";
import { assert, isMillraceError, MillraceError } from "../../util/errors.ts";
import { failed, succeeded } from "../../util/outcome.ts";
import type { Done, Outcome } from "../../util/outcome.ts";
import { fromWire, toWire } from "./wire-error.ts";
import type { WireError } from "./wire-error.ts";

export interface StoreRequest {
  readonly id: number;
  readonly method: "write" | "read" | "delete" | "list";
  readonly path: string;
  /** Of `write`. */
  readonly chunks: readonly Uint8Array[];
}

export interface StoreAnswer {
  readonly id: number;
  readonly value: Uint8Array | readonly string[] | undefined;
  readonly error: WireError | undefined;
}

export class RemoteBlobStore implements BlobStore {
  readonly name: string;
  readonly #ask: (request: StoreRequest) => void;
  readonly #waiting: Map<number, Done<unknown>>;
  #requests: number;

  constructor(ask: (request: StoreRequest) => void) {
    this.name = "memory";
    this.#ask = ask;
    this.#waiting = new Map();
    this.#requests = 0;
  }

  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void {
    // What is sent is copied with the whole buffer that it lies in.
    this.#send({ method: "write", path, chunks: chunks.map(asWhole) }, done as Done<unknown>); // answered without a value
  }

  read(path: string, done: Done<Uint8Array>): void {
    this.#send({ method: "read", path, chunks: [] }, done as Done<unknown>); // answered with bytes
  }

  delete(path: string, done: Done<void>): void {
    this.#send({ method: "delete", path, chunks: [] }, done as Done<unknown>); // answered without a value
  }

  list(prefix: string, done: Done<readonly string[]>): void {
    this.#send({ method: "list", path: prefix, chunks: [] }, done as Done<unknown>); // answered with paths
  }

  answered({ id, value, error }: StoreAnswer): void {
    const done = this.#waiting.get(id);
    assert(done !== undefined, "a store is answered once, and what it was asked for");
    this.#waiting.delete(id);
    done(error === undefined ? succeeded(value) : failed(asMillrace(fromWire(error))));
  }

  #send(request: Omit<StoreRequest, "id">, done: Done<unknown>): void {
    this.#requests += 1;
    this.#waiting.set(this.#requests, done);
    this.#ask({ id: this.#requests, ...request });
  }
}

/** At the other end. */
export function serveStore(
  store: BlobStore,
  { id, method, path, chunks }: StoreRequest,
  answer: (answer: StoreAnswer) => void,
): void {
  const done = (outcome: Outcome<Uint8Array | readonly string[] | void>): void =>
    answer(
      outcome.ok
        ? { id, value: outcome.value ?? undefined, error: undefined }
        : { id, value: undefined, error: toWire(outcome.error) },
    );
  if (method === "write") store.write(path, chunks, done);
  else if (method === "read") store.read(path, done);
  else if (method === "delete") store.delete(path, done);
  else store.list(path, done);
}

function asWhole(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function asMillrace(error: Error): MillraceError {
  return isMillraceError(error) ? error : new MillraceError("MR5206", error.message, { cause: error });
}
