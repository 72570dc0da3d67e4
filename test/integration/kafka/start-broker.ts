/**
 * A local Kafka for examples and for trying things: prints its address, and stops on Ctrl-C. What is in it is gone then.
 *
 * `node dist/test/integration/kafka/start-broker.js [--port 9092] [--nodes 1] [--topics names:2,greetings]`
 */
import { parseArgs } from "node:util";
import { missingTool } from "./kafka-jars.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { startKafka } from "./local-kafka.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9092" },
    nodes: { type: "string", default: "1" },
    topics: { type: "string", default: "" },
  },
});
const missing = missingTool();
if (missing === undefined) await run();
else {
  process.stderr.write(`${missing}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  process.stderr.write("starting Kafka, the first time with a download of 46 MB ...\n");
  const kafka = await startKafka({ port: Number(values.port), nodes: Number(values.nodes) });
  const tools = new KafkaTools(kafka.bootstrapServers);
  for (const topic of values.topics.split(",").filter((name) => name !== "")) {
    const [name = topic, partitions = "1"] = topic.split(":");
    await tools.createTopic(name, Number(partitions));
  }
  process.stdout.write(`${kafka.bootstrapServers.join(",")}\n`);
  const stop = (): void => {
    void kafka.stop().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}
