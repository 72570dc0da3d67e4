/** The channels of an attempt: both ends of every edge meet in the same channel, whoever asks first. */
import { expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { InSlotChannels } from "../../../core/runtime/in-slot-channels.ts";
import { Config } from "../../../core/util/config.ts";

test("every producer reaches every consumer of an all-to-all edge exactly once", () => {
  const config = new Config({ "parallelism.default": 3 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .rebalance()
    .map((n) => n)
    .discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config });
  const channels = new InSlotChannels(graph, 4);
  const edge = graph.edges[0]?.index ?? -1;
  for (let subtask = 0; subtask < 3; subtask += 1) {
    const outputs = channels.of({ vertex: 0, subtask, attempt: 0 }).outputs.get(edge) ?? [];
    expect(outputs).toHaveLength(3);
    for (const [consumer, output] of outputs.entries()) output.push(`${subtask}->${consumer}`, 0);
  }
  for (let subtask = 0; subtask < 3; subtask += 1) {
    const { inputs, usage } = channels.of({ vertex: 1, subtask, attempt: 0 });
    expect(inputs.map(({ reader }) => reader.values[reader.head & reader.mask])).toEqual(
      [0, 1, 2].map((producer) => `${producer}->${subtask}`),
    );
    expect(usage()).toEqual({ waiting: 3, overdrawn: 0 });
    expect(channels.of({ vertex: 0, subtask, attempt: 0 }).recordsSent(edge)).toBe(3);
  }
});

test("a record for everybody is sent once, taken or not", () => {
  const config = new Config({ "parallelism.default": 3 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .broadcast()
    .map((n) => n)
    .discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config });
  const channels = new InSlotChannels(graph, 4);
  const { outputs, recordsSent } = channels.of({ vertex: 0, subtask: 0, attempt: 0 });
  const edge = graph.edges[0]?.index ?? -1;
  for (const output of outputs.get(edge) ?? []) for (let n = 0; n < 7; n += 1) output.push(n, 0);
  channels.of({ vertex: 1, subtask: 0, attempt: 0 }).inputs[0]?.reader.consumed(5);
  expect(recordsSent(edge)).toBe(7);
});
