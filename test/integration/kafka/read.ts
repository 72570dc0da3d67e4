/**
 * Prints what is in a topic, a value per line, partition by partition; what is not committed is not there.
 *
 * `node dist/test/integration/kafka/read.js greetings [--servers localhost:9092]`
 */
import { parseArgs } from "node:util";
import { KafkaTools } from "./kafka-tools.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { servers: { type: "string", default: "localhost:9092" } },
});
const [topic] = positionals;
if (topic === undefined) {
  process.stderr.write("read.js TOPIC [--servers HOST:PORT]\n");
  process.exitCode = 2;
} else {
  const records = await new KafkaTools(values.servers.split(",")).committed(topic);
  for (const { value } of records) process.stdout.write(`${value ?? ""}\n`);
}
