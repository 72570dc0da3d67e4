/**
 * Scratch files on the disks of this machine.
 *
 * A file loses its name as soon as it is open, where the system allows that: its room is free once it is closed, also if the process is killed. Where it does not, the name goes with `close`.
 * State: whose turn it is among the directories.
 */
import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MillraceError, asError } from "../util/errors.ts";
import type { Scratch, ScratchFile } from "./scratch.ts";

export class NodeScratch implements Scratch {
  readonly #directories: readonly string[];
  #next: number;

  /** `directories`: separated by commas, used in turn, made where they are missing. None: `usual`. */
  constructor(directories: string, usual: string) {
    const named = directories
      .split(",")
      .map((directory) => directory.trim())
      .filter((directory) => directory !== "");
    this.#directories = named.length === 0 ? [usual] : named;
    this.#next = 0;
  }

  open(): ScratchFile {
    const directory = this.#directories[this.#next % this.#directories.length] ?? "";
    this.#next += 1;
    const path = join(directory, `millrace-${randomUUID()}.spill`);
    return orRefused(`open a file in ${directory}`, () => {
      mkdirSync(directory, { recursive: true });
      return new NodeScratchFile(path, openSync(path, "wx+", 0o600));
    });
  }
}

class NodeScratchFile implements ScratchFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #isNamed: boolean;
  #end: number;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#isNamed = !hasUnlinked(path);
    this.#end = 0;
  }

  append(bytes: Uint8Array): void {
    orRefused(`write to ${this.#path}`, () => {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#end + done);
    });
    this.#end += bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    orRefused(`read ${this.#path}`, () => {
      for (let done = 0; done < length;) {
        const read = readSync(this.#descriptor, bytes, done, length - done, offset + done);
        if (read === 0) throw new Error("it is shorter than what was written");
        done += read;
      }
    });
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
    if (this.#isNamed) hasUnlinked(this.#path);
  }
}

function hasUnlinked(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function orRefused<T>(action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const sentence = `cannot ${action}, where what does not fit into memory is kept: ${asError(error).message}; free some space, or name another directory in io.tmp.dirs`;
    throw new MillraceError("MR5207", sentence, { cause: error });
  }
}
