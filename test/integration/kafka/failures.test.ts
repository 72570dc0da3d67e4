/** The client of real brokers when they are away, freeze, die and come back; on brokers of its own. */
// covers: connectors/kafka/client/kafkajs/*
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import { KafkaBench, batchOf } from "../../conformance/kafka-client-bench.ts";
import type { BenchClient } from "../../conformance/kafka-client-bench.ts";
import { answerOf, codeOf } from "../../conformance/seam.ts";
import { KafkaTools } from "./kafka-tools.ts";
import type { LocalKafka } from "./local-kafka.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const hasKafka = sharedKafka() !== undefined;

function benchOf(bootstrapServers: readonly string[]): KafkaBench {
  const tools = new KafkaTools(bootstrapServers);
  return new KafkaBench({
    client: kafkajsClient,
    bootstrapServers,
    createTopic: (topic, partitions) => tools.createTopic(topic, partitions),
    advance: (durationMs) => sleep(durationMs),
  });
}

/** Takes connections and never says a word. */
async function silentServer(): Promise<{
  readonly server: Server;
  readonly address: string;
  readonly close: () => void;
}> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { server, address: `127.0.0.1:${port}`, close };
}

const describeNothing = (client: BenchClient): Promise<string> =>
  codeOf((done) => client.raw.describeTopics(undefined, done));

describe("without brokers", () => {
  test("one error that names the servers, within its time", async () => {
    const bench = benchOf(["127.0.0.1:1", "127.0.0.1:2"]);
    const client = bench.client({ retryForMs: 500, requestTimeoutMs: 200 });
    const start = performance.now();
    const outcome = await answerOf((done) => client.raw.describeTopics(undefined, done));
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(outcome.ok ? "ok" : outcome.error.message).toMatch(
      /^MR6402: could not describe topics within 500 ms: .*ECONNREFUSED.*127\.0\.0\.1:1, 127\.0\.0\.1:2/,
    );
    await bench.close();
  });

  test("a server that takes connections and does not answer, is given up", async () => {
    const { address, close } = await silentServer();
    const bench = benchOf([address]);
    expect(await describeNothing(bench.client({ retryForMs: 600, requestTimeoutMs: 200 }))).toBe("MR6402");
    // Closed while it waits: nothing hangs.
    const waiting = bench.client({ retryForMs: 60_000, requestTimeoutMs: 60_000 });
    waiting.raw.describeTopics(undefined, () => expect.fail("answered after close"));
    await sleep(50);
    await bench.close();
    close();
  });
});

describe.skipIf(!hasKafka)("one broker", () => {
  let kafka: LocalKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterAll(async () => kafka.stop());

  test("that is killed and comes back on its data: calls wait, nothing is lost or doubled, transactions go on", async () => {
    const bench = benchOf(kafka.bootstrapServers);
    const client = bench.client({ retryForMs: 60_000, requestTimeoutMs: 2_000 });
    const topic = await bench.topic();
    const transaction = await client.begin(bench.name("id"));
    await client.add(transaction, { topic, partition: 0 });
    await client.writeIn(transaction, topic, 0, ["0"], 0);
    const [node] = kafka.nodes;
    if (node === undefined) return expect.fail("no node");
    const batches = Array.from({ length: 40 }, (_, index) => index + 1);
    const writing = batches.map((index) =>
      sleep(index * 5).then(() => client.writeIn(transaction, topic, 0, [`${index}`], index)),
    );
    await sleep(60);
    await node.kill();
    await sleep(200);
    await node.start();
    await Promise.all(writing);
    const ended = client.end(transaction, "commit");
    expect(await ended).toBe("ok");
    await bench.eventually("it is visible", async () => (await client.values(topic, 0)).length > 0);
    expect(await client.values(topic, 0)).toEqual(["0", ...batches.map(String)]);
    await bench.close();
    return undefined;
  });

  test("that freezes: calls are repeated on new connections when it is back", async () => {
    const bench = benchOf(kafka.bootstrapServers);
    const client = bench.client({ retryForMs: 30_000, requestTimeoutMs: 400 });
    const topic = await bench.topic();
    await client.write(topic, 0, ["before"]);
    kafka.nodes[0]?.freeze();
    const producer = await Promise.race([sleep(1_200), client.begin(bench.name("id"))]);
    expect(producer).toBeUndefined();
    const fetched = await answerOf((done) => {
      const partitions = [{ topic, partition: 0, offset: 0 }];
      client.raw.fetch(
        { node: 1, partitions, isolation: "read_committed", waitMs: 100, bytesMax: 1_000, partitionBytesMax: 1_000 },
        done,
      );
    });
    expect(fetched.ok ? "ok" : fetched.error.code).toBe("MR6402");
    kafka.nodes[0]?.thaw();
    await client.write(topic, 0, ["after"]);
    expect(await client.values(topic, 0)).toEqual(["before", "after"]);
    await bench.close();
  });

  test("a batch that is too large is refused at once", async () => {
    const bench = benchOf(kafka.bootstrapServers);
    const client = bench.client();
    const topic = await bench.topic();
    const batches = [{ topic, partition: 0, bytes: batchOf(["x".repeat(2_000_000)]) }];
    expect(
      await codeOf<void>((done) => client.raw.produce({ transaction: undefined, acks: "all", batches }, done)),
    ).toBe("MR6408");
    await bench.close();
  });

  test("TLS and SASL against a broker that has neither are refused or given up, with a reason", async () => {
    const bench = benchOf(kafka.bootstrapServers);
    const sasl = { mechanism: "plain", username: "ada", password: "secret" };
    expect(await describeNothing(bench.client({ sasl, retryForMs: 2_000 }))).toBe("MR6404");
    expect(await describeNothing(bench.client({ ssl: true, retryForMs: 1_000, requestTimeoutMs: 500 }))).toBe("MR6402");
    await bench.close();
  });

  test("records from outside, and an independent reader", async () => {
    const bench = benchOf(kafka.bootstrapServers);
    const tools = new KafkaTools(kafka.bootstrapServers);
    const topic = await bench.topic();
    await tools.produce(topic, [
      { key: "a", value: "1" },
      { value: null, headers: { h: "x" } },
    ]);
    await tools.produceInTransaction(topic, [{ value: "aborted" }], "abort");
    await tools.produceInTransaction(topic, [{ value: "committed" }], "commit");
    await bench.eventually("all is decided", async () => (await tools.committed(topic)).length === 3);
    expect((await tools.committed(topic)).map(({ value, headers }) => ({ value, headers }))).toEqual([
      { value: "1", headers: {} },
      { value: null, headers: { h: "x" } },
      { value: "committed", headers: {} },
    ]);
    expect((await bench.client().read(topic, 0)).length).toBe(3);
    await bench.close();
  });
});
