/** Records dealt to other subtasks, in each way there is. What they are does not change; whether they keep their order does. */
import type { DataStream } from "../../../../core/index.ts";
import { byOrigin, hash, ofOne, pick } from "../stage.ts";
import type { Rec, Stage } from "../stage.ts";

const WAYS = [
  "rebalance()",
  "rescale()",
  "shuffle()",
  "global()",
  "partitionCustom(by origin)",
  "broadcast(), each kept by one subtask",
] as const;

/** Of those of its origin all go one way. */
const KEEPS_ORDER: ReadonlySet<string> = new Set(["global()", "partitionCustom(by origin)", WAYS[5]]);

export const PARTITION: Stage = ofOne({
  facts: ({ ordered, spaced }, { a }) => [{ ordered: ordered && KEEPS_ORDER.has(pick(WAYS, a)), loose: false, spaced }],
  code: (input, { a }) => `${input}.${pick(WAYS, a)}.map((r) => r).disableChaining()`,
  build: (stream, { a }) => [dealt(stream, pick(WAYS, a))],
  interpret: (records) => [records],
});

function dealt(stream: DataStream<Rec>, way: (typeof WAYS)[number]): DataStream<Rec> {
  const same = (partitioned: DataStream<Rec>): DataStream<Rec> => partitioned.map((record) => record).disableChaining();
  switch (way) {
    case "rebalance()":
      return same(stream.rebalance());
    case "rescale()":
      return same(stream.rescale());
    case "shuffle()":
      return same(stream.shuffle());
    case "global()":
      return same(stream.global());
    case "partitionCustom(by origin)":
      return same(stream.partitionCustom((key, count) => hash(key) % count, byOrigin));
    case "broadcast(), each kept by one subtask":
      return stream.broadcast().process<Rec>({
        processElement(record, ctx, out) {
          if (hash(byOrigin(record)) % ctx.task.parallelism === ctx.task.subtaskIndex) out.collect(record);
        },
      });
  }
}
