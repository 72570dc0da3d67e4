/**
 * Writes values into a topic, one after the other, so that one can try jobs by hand.
 *
 * `node dist/test/integration/kafka/write.js names Ada Ada Bob [--key KEY] [--servers localhost:9092]`
 */
import { parseArgs } from "node:util";
import { KafkaTools } from "./kafka-tools.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { key: { type: "string" }, servers: { type: "string", default: "localhost:9092" } },
});
const [topic, ...records] = positionals;
if (topic === undefined || records.length === 0) {
  process.stderr.write("write.js TOPIC VALUE ... [--key KEY] [--servers HOST:PORT]\n");
  process.exitCode = 2;
} else {
  const key = values.key ?? null;
  const messages = records.map((value) => ({ key, value }));
  await new KafkaTools(values.servers.split(",")).produce(topic, messages);
}
