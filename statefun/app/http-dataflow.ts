/**
 * The HTTP ingress in the graph: a source of messages in front of the functions, and a sink of replies behind them.
 *
 * Both have one subtask and share a slot, so that they run in one thread and meet in the exchange that is made here, once per graph.
 */
import type { DataStream } from "../../core/api/data-stream.ts";
import type { StreamExecutionEnvironment } from "../../core/api/environment.ts";
import { OutputTag } from "../../core/operators/contracts/functions.ts";
import { WatermarkStrategy } from "../../core/time/watermark-strategy.ts";
import type { Envelope } from "../envelope.ts";
import { FunctionCatalog } from "../http/function-catalog.ts";
import type { Functions } from "../http/function-catalog.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import { httpSource } from "../http/http-source.ts";
import { replySink } from "../http/reply-sink.ts";
import { RequestExchange } from "../http/request-exchange.ts";
import { HTTP_REPLIES } from "../http-messages.ts";
import type { Reply } from "../http-messages.ts";

/** The engine puts equal subtasks of one group into one slot. */
const SLOT_SHARING_GROUP = "default";

export interface HttpEnds {
  readonly requests: DataStream<Envelope>;
  /** Behind the functions. */
  answer(functions: DataStream<Envelope>): void;
}

export function addHttp(env: StreamExecutionEnvironment, spec: HttpIngressSpec, functions: Functions): HttpEnds {
  const exchange = new RequestExchange();
  const source = httpSource({ spec, catalog: new FunctionCatalog(functions), exchange });
  const { ingress } = spec;
  return {
    requests: env
      .fromSource(source, WatermarkStrategy.noWatermarks<Envelope>(), ingress)
      .uid(`${ingress}-ingress`)
      .setParallelism(1)
      .slotSharingGroup(SLOT_SHARING_GROUP),
    answer: (output) => {
      output
        .getSideOutput(new OutputTag<Reply>(HTTP_REPLIES))
        .sinkTo(replySink(exchange))
        .name(`replies (${ingress})`)
        .uid(`${ingress}-replies`)
        .setParallelism(1)
        .slotSharingGroup(SLOT_SHARING_GROUP);
    },
  };
}
