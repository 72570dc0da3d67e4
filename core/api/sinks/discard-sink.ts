/** The sink behind `discard()`: takes records and does nothing with them. */
import type { Sink, SinkWriter } from "../../operators/contracts/sink.ts";

export class DiscardSink implements Sink<unknown> {
  createWriter(): SinkWriter<unknown, never, never> {
    return { write: discard };
  }
}

function discard(): void {
  // on purpose
}
