/**
 * The HTTP ingress as a source: a server in one subtask, and the queue between it and the job.
 *
 * In:    requests, whenever they come. Out: envelopes for the functions, in the order in which their bodies were complete.
 * State: the messages in the queue, which a checkpoint contains, so that one that was accepted before it survives a failure. What was taken from the queue since is lost with the
 *        attempt, as nobody can ask clients for it again; those who wait are told so. A server lasts for an attempt and begins to listen when the job is ready for messages.
 *
 * There is no event time in requests: the source is idle all the time, so that nobody waits for its watermark.
 */
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from "../../core/operators/contracts/source.ts";
import { OPTIONS } from "../../core/util/config.ts";
import { Deque } from "../../core/util/deque.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Envelope } from "../envelope.ts";
import type { FunctionCatalog } from "./function-catalog.ts";
import { HttpFront } from "./http-front.ts";
import type { HttpIngressSpec } from "./http-ingress.ts";
import { HttpServer } from "./http-server.ts";
import type { RequestExchange } from "./request-exchange.ts";

/** What stood in the queue. */
export interface QueuedMessages extends SourceSplit {
  readonly messages: readonly Envelope[];
}

export interface HttpSourceParts {
  readonly spec: HttpIngressSpec;
  readonly catalog: FunctionCatalog;
  readonly exchange: RequestExchange;
}

export function httpSource(parts: HttpSourceParts): Source<Envelope, QueuedMessages> {
  return {
    boundedness: "continuous-unbounded",
    parallelismMax: 1,
    createReader: (ctx) => new HttpReader(ctx, parts),
    createEnumerator: () => ({
      handleSplitRequest: () => undefined,
      addSplitsBack: () => undefined,
      snapshot: () => undefined,
    }),
  };
}

class HttpReader implements SourceReader<Envelope, QueuedMessages> {
  readonly #ctx: SourceReaderContext;
  readonly #parts: HttpSourceParts;
  readonly #front: HttpFront;
  readonly #queue = new Deque<Envelope>();
  #server: HttpServer | undefined = undefined;
  #asksToWake = false;
  /** The job has been stopped, and not failed: who waits may still get an answer. */
  #stopped = false;

  constructor(ctx: SourceReaderContext, parts: HttpSourceParts) {
    const { spec, catalog, exchange } = parts;
    const intervalMs = ctx.config.get(OPTIONS.checkpointInterval);
    if (spec.limits.reply === "committed") refuseRareCheckpoints(spec, intervalMs);
    this.#ctx = ctx;
    this.#parts = parts;
    this.#front = new HttpFront({
      limits: spec.limits,
      catalog,
      exchange,
      metrics: ctx.metrics,
      hasCheckpoints: intervalMs > 0,
      queue: (envelope) => this.#enqueue(envelope),
      schedule: (delayMs, work) => ctx.schedule(delayMs, work),
    });
  }

  /** Not before the first one: a task that is there only to commit is never polled, and takes no requests. */
  pollNext(output: ReaderOutput<Envelope>, recordsMax: number): PollResult {
    this.#server ??= this.#open();
    this.#emit(output, recordsMax);
    return this.#queue.length > 0 ? "more-available" : "nothing-available";
  }

  addSplits(splits: readonly QueuedMessages[]): void {
    for (const { messages } of splits) for (const message of messages) this.#queue.push(message);
  }

  noMoreSplits(): void {
    // there is none
  }

  snapshot(): readonly QueuedMessages[] {
    return this.#queue.length === 0 ? [] : [{ splitId: "queue", messages: [...this.#queue] }];
  }

  /** Without a drain the queue is in the savepoint. */
  stop({ drain }: { readonly drain: boolean }, output: ReaderOutput<Envelope>): void {
    this.#stopped = true;
    this.#front.close("the job is stopped");
    if (drain) this.#emit(output, Infinity);
  }

  close(): void {
    this.#front.close("the job does not run");
    if (!this.#stopped) this.#parts.exchange.leave(this.#front);
    this.#front.end();
    this.#server?.close();
  }

  #open(): HttpServer {
    const { spec, exchange } = this.#parts;
    const ctx = this.#ctx;
    const server = new HttpServer({
      host: spec.host,
      port: spec.port,
      portBefore: exchange.port,
      onRequest: (request, response) => this.#front.handle(request, response),
      onListening: (at) => {
        exchange.port = at.port;
        ctx.metrics.group("http").gauge("port", () => at.port);
        ctx.execute(() => spec.onListening?.(at));
      },
      onFailed: (error) => ctx.execute(() => ctx.fail(error)),
      schedule: (delayMs, work) => ctx.schedule(delayMs, work),
    });
    exchange.attend(this.#front);
    ctx.keepForJob(() => ({ close: () => exchange.end() }));
    return server;
  }

  #emit(output: ReaderOutput<Envelope>, recordsMax: number): void {
    const nowMs = this.#ctx.nowMs();
    for (let count = 0; count < recordsMax && !(output.busy && recordsMax !== Infinity); count += 1) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      output.collect(message, nowMs);
    }
    output.markIdle();
  }

  /** Called by the server, between steps of the task. */
  #enqueue(envelope: Envelope): boolean {
    if (this.#queue.length >= this.#parts.spec.limits.queuedRequestsMax) return false;
    this.#queue.push(envelope);
    if (this.#asksToWake) return true;
    this.#asksToWake = true;
    this.#ctx.execute(() => {
      this.#asksToWake = false;
      this.#ctx.wake();
    });
    return true;
  }
}

function refuseRareCheckpoints({ ingress, limits }: HttpIngressSpec, intervalMs: number): void {
  const { replyTimeoutMs } = limits;
  if (intervalMs > 0 && intervalMs < replyTimeoutMs) return;
  const sentence =
    intervalMs === 0
      ? `but the job takes none: set execution.checkpointing.interval, or write reply: "early"`
      : `which come every ${intervalMs} ms, but gives up after ${replyTimeoutMs} ms: shorten execution.checkpointing.interval, raise replyTimeout, or write reply: "early"`;
  throw new MillraceError(
    "MR9063",
    `the HTTP ingress ${ingress} holds replies until a checkpoint contains them, ${sentence}`,
    { retryable: false },
  );
}
