/**
 * The sink behind the functions that answers requests: early ones as their reply arrives, the others when the checkpoint that contains it is complete.
 *
 * In:    replies. Out: answers, through the exchange of this thread, in which the server has its open requests.
 * State: what a checkpoint saves is the name of a batch in this thread. Replies of an attempt that failed answer nobody: their requests were told when it failed.
 */
import type { Committer, Sink, SinkWriter } from "../../core/operators/contracts/sink.ts";
import type { Reply } from "../http-messages.ts";
import type { AwaitedReply, RequestExchange } from "./request-exchange.ts";

/** The name of a batch; `exchange` tells it from those of other threads and earlier runs. */
export interface ReplyBatch {
  readonly exchange: string;
  readonly batch: number;
}

export function replySink(exchange: RequestExchange): Sink<Reply, never, ReplyBatch> {
  return {
    parallelismMax: 1,
    commitsWithoutCheckpoints: true, // replies that wait for one are refused there
    createWriter: () => new ReplyWriter(exchange),
    createCommitter: () => committerOf(exchange),
  };
}

class ReplyWriter implements SinkWriter<Reply, never, ReplyBatch> {
  readonly #exchange: RequestExchange;
  #awaited: AwaitedReply[] = [];

  constructor(exchange: RequestExchange) {
    this.#exchange = exchange;
  }

  /** Hot. A reply that nobody waits for is dropped: with a key, its address has it. */
  write(reply: Reply): void {
    const awaited = this.#exchange.made(reply);
    if (awaited !== undefined) this.#awaited.push(awaited);
  }

  prepareCommit(): readonly ReplyBatch[] {
    if (this.#awaited.length === 0) return [];
    const batch = this.#exchange.keep(this.#awaited);
    this.#awaited = [];
    return [{ exchange: this.#exchange.id, batch }];
  }
}

function committerOf(exchange: RequestExchange): Committer<ReplyBatch> {
  return {
    commit(requests) {
      for (const { committable } of requests)
        if (committable.exchange === exchange.id) exchange.commit(committable.batch);
    },
  };
}
