/**
 * Commits what a completed checkpoint contains: ends its transactions, also those of an attempt that is no more.
 *
 * In:    committables, perhaps for the second time. Out: one request each, in order. State: none.
 *
 * A broker that refuses says no more than that another transaction of the id has begun, or that this one is over. Whether it was committed is told by its witness.
 */
import type { CommitRequest, Committer, SinkContext } from "../../../core/operators/contracts/sink.ts";
import type { Counter } from "../../../core/metrics/registry.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import type { KafkaClient } from "../client/kafka-client.ts";
import { lost } from "./errors.ts";
import type { KafkaCommittable } from "./sink-state.ts";
import { Witness } from "./witness.ts";

export interface CommitterOptions {
  readonly onLostTransaction: "fail" | "accept";
}

type Request = CommitRequest<KafkaCommittable>;

/** Nobody answered: later somebody may. */
const UNREACHABLE = "MR6402";
/** Over, or taken over: the witness knows. */
const REFUSED: ReadonlySet<string> = new Set(["MR6405", "MR6406"]);

export class KafkaCommitter implements Committer<KafkaCommittable> {
  readonly #client: KafkaClient;
  readonly #onLost: "fail" | "accept";
  readonly #failures: Counter;

  constructor(ctx: SinkContext, client: KafkaClient, { onLostTransaction }: CommitterOptions) {
    this.#client = client;
    this.#onLost = onLostTransaction;
    this.#failures = ctx.metrics.counter("commitFailures");
  }

  async commit(requests: readonly Request[]): Promise<void> {
    for (const request of requests) await this.#commitOne(request);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #commitOne(request: Request): Promise<void> {
    const { transactionalId, producerId, epoch } = request.committable;
    const transaction = { transactionalId, producerId, epoch };
    const ended = await new Promise<Outcome<void>>((done) =>
      this.#client.endTransaction({ transaction, result: "commit" }, done),
    );
    if (ended.ok) return;
    this.#failures.count++;
    if (!REFUSED.has(ended.error.code)) return this.#signal(request, ended.error);
    // A later transaction of the id may be open still, left by an attempt that is no more: whether an earlier one was committed need not wait for it.
    for (const waits of [false, true]) {
      const offsets = await new Promise<Outcome<Parameters<typeof Witness.of>[0]>>((done) =>
        this.#client.committedOffsets(transactionalId, done, { waits }),
      );
      if (!offsets.ok) return this.#signal(request, offsets.error);
      if (Witness.of(offsets.value).committed(transaction) === "yes") return request.signalAlreadyCommitted();
    }
    this.#signalLost(request, ended.error);
  }

  #signal(request: Request, error: MillraceError): void {
    if (error.code === UNREACHABLE) request.retryLater();
    else request.signalFailedWithUnknownReason(error);
  }

  #signalLost(request: Request, cause: MillraceError): void {
    const error = lost(request.committable, cause);
    if (this.#onLost === "accept") request.signalFailedWithKnownReason(error);
    else request.signalFailedWithUnknownReason(error);
  }
}
