/**
 * The file sink's committer: renames pending files to their final names, which makes them visible, once their checkpoint is complete.
 *
 * In:    committables, perhaps for the second time. Out: one rename each, in order.
 * State: none; what is on the disk tells what is done: hidden file gone and finished one there means committed before.
 *
 * A savepoint's files get another hidden name, by which restarts know to leave them. Committables do not change with it, as checkpoints under way have
 * them already: where the one name is gone, the other is tried.
 */
import { join } from "node:path";
import type { CommitRequest, Committer } from "../../core/operators/contracts/sink.ts";
import type { FileSystem } from "../../core/storage/file-system.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Done } from "../../core/util/outcome.ts";
import { failed, succeeded } from "../../core/util/outcome.ts";
import { keptName } from "./part-names.ts";
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

  /** Durable when it settles. A file that is not there has its new name already, or is finished: commits may be under way. */
  async keepForSavepoint(committables: readonly FileCommittable[]): Promise<void> {
    const { directory, fileSystem } = this.#options;
    for (const { hidden } of committables) {
      await new Promise<void>((resolve, reject) =>
        fileSystem.rename(join(directory, hidden), join(directory, keptName(hidden)), (renamed) => {
          if (renamed.ok || renamed.error.code === "MR6101") resolve();
          else reject(renamed.error);
        }),
      );
    }
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
    const to = join(directory, finished);
    const names = [hidden, keptName(hidden)].map((name) => join(directory, name));
    fileSystem.stat(to, (target) => {
      if (target.ok) this.#checkGone(names, to, done);
      else if (target.error.code === "MR6101") this.#renameOne(names, to, done);
      else done(target);
    });
  }

  #checkGone([from, ...others]: readonly string[], to: string, done: Done<"was there">): void {
    if (from === undefined) return done(succeeded("was there"));
    this.#options.fileSystem.stat(from, (source) => {
      if (source.ok) done(failed(occupied(from, to)));
      else if (source.error.code === "MR6101") this.#checkGone(others, to, done);
      else done(source);
    });
  }

  /** The first that is there. */
  #renameOne(names: readonly string[], to: string, done: Done<"renamed" | "was there">, at = 0): void {
    const from = names[at];
    if (from === undefined) return this.#checkFinished(names, to, done);
    this.#options.fileSystem.rename(from, to, (renamed) => {
      if (renamed.ok) done(succeeded("renamed"));
      else if (renamed.error.code === "MR6101") this.#renameOne(names, to, done, at + 1);
      else done(renamed);
    });
  }

  /** A commit of the attempt before may have been under way, and have renamed the file in this moment. */
  #checkFinished(names: readonly string[], to: string, done: Done<"was there">): void {
    this.#options.fileSystem.stat(to, (target) => {
      if (target.ok) done(succeeded("was there"));
      else done(target.error.code === "MR6101" ? failed(vanished(names, to)) : target);
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

function vanished(names: readonly string[], to: string): MillraceError {
  const hidden = names.map((name) => `"${name}"`).join(" nor ");
  const sentence = `neither ${hidden}, the names under which it would wait for its commit, nor "${to}" is there, so its records are lost; does the sink write into another directory, or under another prefix, than when the checkpoint was taken? If something takes finished files away, set missingFiles: "accept"`;
  return new MillraceError("MR6110", sentence, { retryable: false });
}
