/**
 * The sink behind `print()`: turns values into lines and sends them to the client, which writes them.
 *
 * In:   records of one stream.
 * Out:  lines of text, in the order of each subtask, at once; after a restart, lines since the last checkpoint come again.
 */
import { inspect } from "node:util";
import type { Sink, SinkContext, SinkWriter } from "../../operators/contracts/sink.ts";

export class PrintSink implements Sink<unknown> {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  createWriter(ctx: SinkContext): SinkWriter<unknown, never, never> {
    const start = lineStart(this.#prefix, ctx);
    return { write: (value) => ctx.sendToClient(start + textOf(value)) };
  }
}

/** As Flink's: `prefix> `, with several subtasks `prefix:2> `, without prefix `2> `. */
function lineStart(prefix: string, ctx: SinkContext): string {
  const subtask = ctx.parallelism > 1 ? String(ctx.subtaskIndex + 1) : "";
  const parts = [prefix, subtask].filter((part) => part !== "");
  return parts.length === 0 ? "" : `${parts.join(":")}> `;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { breakLength: Infinity, compact: true, depth: 6 });
}
