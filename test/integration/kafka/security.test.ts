/** TLS and passwords, against a broker that wants both: what the client hands on to kafkajs, and what it says when it is refused. */
// covers: connectors/kafka/client/kafkajs/*
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KafkaClientOptions } from "../../../connectors/kafka/client/kafka-client.ts";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import { KafkaBench } from "../../conformance/kafka-client-bench.ts";
import { answerOf } from "../../conformance/seam.ts";
import { KafkaTools } from "./kafka-tools.ts";
import type { LocalKafka } from "./local-kafka.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const PASSWORD = "secret-of-a-test";
const MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule required";

describe.skipIf(sharedKafka() === undefined)("a broker with TLS and SASL", () => {
  let folder: string;
  let kafka: LocalKafka;
  let security: Pick<KafkaClientOptions, "ssl" | "sasl">;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-tls-"));
    const store = join(folder, "store.p12");
    const certificate = join(folder, "certificate.pem");
    const common = ["-keystore", store, "-storepass", PASSWORD, "-alias", "broker"];
    const subject = ["-dname", "CN=broker", "-ext", "SAN=ip:127.0.0.1", "-keyalg", "EC", "-validity", "30"];
    execFileSync("keytool", ["-genkeypair", "-storetype", "PKCS12", ...common, ...subject], { stdio: "ignore" });
    execFileSync("keytool", ["-exportcert", "-rfc", "-file", certificate, ...common], { stdio: "ignore" });
    kafka = await startKafka({
      settings: {
        // The listener keeps its name, and has another protocol.
        "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.location": store,
        "ssl.keystore.password": PASSWORD,
        "ssl.keystore.type": "PKCS12",
        "ssl.truststore.location": store,
        "ssl.truststore.password": PASSWORD,
        "ssl.truststore.type": "PKCS12",
        "ssl.endpoint.identification.algorithm": "",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.plaintext.plain.sasl.jaas.config": `${MODULE} username="broker" password="b" user_broker="b" user_ada="${PASSWORD}";`,
      },
    });
    const ca = [await readFile(certificate, "utf8")];
    security = { ssl: { ca }, sasl: { mechanism: "plain", username: "ada", password: PASSWORD } };
  }, 90_000);

  afterAll(async () => {
    await kafka.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function newBench(): KafkaBench {
    const tools = new KafkaTools(kafka.bootstrapServers, security);
    return new KafkaBench({
      client: kafkajsClient,
      bootstrapServers: kafka.bootstrapServers,
      createTopic: (topic, partitions) => tools.createTopic(topic, partitions),
      advance: (durationMs) => sleep(durationMs),
    });
  }

  test("serves those who have both", async () => {
    const bench = newBench();
    const client = bench.client(security);
    const topic = await bench.topic();
    const transaction = await client.begin(bench.name("id"));
    await client.add(transaction, { topic, partition: 0 });
    await client.writeIn(transaction, topic, 0, ["a"]);
    expect(await client.end(transaction, "commit")).toBe("ok");
    await bench.eventually("it is visible", async () => (await client.values(topic, 0)).length === 1);
    await bench.close();
  });

  test.each([
    ["a wrong password", { sasl: { mechanism: "plain", username: "ada", password: "wrong" } }, "MR6404"],
    [
      "a mechanism that the broker does not have",
      { sasl: { mechanism: "scram-sha-256", username: "ada", password: "x" } },
      "MR6404",
    ],
    ["a certificate that nobody knows", { ssl: true }, "MR6404"],
  ])("%s is %s at once, with the reason", async (_, wrong, code) => {
    const bench = newBench();
    const start = performance.now();
    const client = bench.client({ ...security, ...wrong, retryForMs: 60_000 });
    const outcome = await answerOf((done) => client.raw.describeTopics(undefined, done));
    expect(outcome.ok ? "ok" : outcome.error.code).toBe(code);
    expect(outcome.ok ? "ok" : outcome.error.message).toMatch(/certificate|authentication|mechanism/i);
    expect(performance.now() - start).toBeLessThan(10_000);
    await bench.close();
  });
});
