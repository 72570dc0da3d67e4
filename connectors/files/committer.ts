/**
 * The file sink's committer: renames pending files to their final names, which makes them visible, once their checkpoint is complete.
 *
 * In:    committables, perhaps for the second time. Out: one rename each, in order.
 * State: none; what is on the disk tells what is done: hidden file gone and finished one there means committed before.
 */
import { join } from "node:path";
import type { CommitRequest, Committer } from "../../core/operators/contracts/sink.ts";
import type { FileSystem } from "../../core/storage/file-system.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Done } from "../../core/util/outcome.ts";
import { failed, succeeded } from "../../core/util/outcome.ts";
import type { FileCommittable } from "./sink-state.ts";

/** After so many attempts that the file system refused, the job fails. */
const RETRIES_MAX = 3;

export interface FileCommitterOptions {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly missingFiles: "fail" | "accept";
}

export class FileCommitter implements Committer<FileCommittable> {
  readonly #options: FileCommitterOptions;

  constructor(options: FileCommitterOptions) {
    this.#options = options;
  }

  async commit(requests: readonly CommitRequest<FileCommittable>[]): Promise<void> {
    for (const request of requests) await new Promise<void>((done) => this.#commitOne(request, done));
  }

  #commitOne(request: CommitRequest<FileCommittable>, done: () => void): void {
    this.#rename(request.committable, (outcome) => {
      if (!outcome.ok) this.#signal(request, outcome.error);
      else if (outcome.value === "was there") request.signalAlreadyCommitted();
      done();
    });
  }

  /** Looks before it renames, since a rename replaces what is there: a finished file never changes again. */
  #rename({ hidden, finished }: FileCommittable, done: Done<"renamed" | "was there">): void {
    const { directory, fileSystem } = this.#options;
    const [from, to] = [join(directory, hidden), join(directory, finished)];
    fileSystem.stat(to, (target) => {
      if (!target.ok && target.error.code !== "MR6101") return done(target);
      if (target.ok) {
        return fileSystem.stat(from, (source) => {
          if (source.ok) done(failed(occupied(from, to)));
          else done(source.error.code === "MR6101" ? succeeded("was there") : source);
        });
      }
      fileSystem.rename(from, to, (renamed) => {
        if (renamed.ok) done(succeeded("renamed"));
        else done(renamed.error.code === "MR6101" ? failed(vanished(from, to)) : renamed);
      });
    });
  }

  #signal(request: CommitRequest<FileCommittable>, error: MillraceError): void {
    if (error.code === "MR6110" && this.#options.missingFiles === "accept") request.signalFailedWithKnownReason(error);
    else if (error.code === "MR6102" && request.retries < RETRIES_MAX) request.retryLater();
    else request.signalFailedWithUnknownReason(error);
  }
}

function occupied(from: string, to: string): MillraceError {
  const sentence = `cannot finish "${from}": "${to}" is there already; give each job that writes into a directory its own prefix`;
  return new MillraceError("MR6111", sentence, { retryable: false });
}

function vanished(from: string, to: string): MillraceError {
  const sentence = `neither "${from}", which is to be committed, nor "${to}" is there, so its records are lost; if something takes finished files away, set missingFiles: "accept"`;
  return new MillraceError("MR6110", sentence, { retryable: false });
}
