/**
 * What tests do with a cluster past millrace: topics, records from outside, and an independent look at what is committed. All of it with kafkajs, none of it with
 * code of ours.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { KafkaConfig, Message } from "kafkajs";
import type { KafkaSecurity } from "../../../connectors/kafka/client/kafka-client.ts";
import { readCommitted } from "./read-committed.ts";
import type { CommittedRecord } from "./read-committed.ts";

/** Named, since kafkajs writes a warning to the console if one takes the default without a word. */
const createPartitioner = Partitioners.DefaultPartitioner;
const POLL_MS = 20;
const POLLS_MAX = 500;

export class KafkaTools {
  readonly #kafka: Kafka;
  readonly #servers: readonly string[];

  /** `security`: as kafkajs wants it. */
  constructor(bootstrapServers: readonly string[], security: KafkaSecurity = {}) {
    this.#servers = bootstrapServers;
    const brokers = [...bootstrapServers];
    const { ssl, sasl } = security as Pick<KafkaConfig, "ssl" | "sasl">; // ours are handed on to kafkajs
    this.#kafka = new Kafka({
      brokers,
      clientId: "tools",
      logLevel: logLevel.NOTHING,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
    });
  }

  /** Settles when each partition has a leader, as any broker says. */
  async createTopic(topic: string, numPartitions = 1, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
      for (let poll = 0; poll < POLLS_MAX; poll += 1) {
        const found = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined);
        const partitions = found?.topics[0]?.partitions ?? [];
        if (partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)) return;
        await sleep(POLL_MS);
      }
      throw new Error(`topic ${topic} has no leaders`);
    } finally {
      await admin.disconnect();
    }
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    await this.#withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] }));
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** By kafkajs's own producer; a message may name its partition. */
  async produce(topic: string, messages: readonly Message[]): Promise<void> {
    // Otherwise it writes records twice when it tries again, as it does on topics that have only just come.
    const once = { idempotent: true, maxInFlightRequests: 1 };
    const producer = this.#kafka.producer({ createPartitioner, allowAutoTopicCreation: false, ...once });
    await producer.connect();
    try {
      await producer.send({ topic, messages: [...messages] });
    } finally {
      await producer.disconnect();
    }
  }

  /** In a transaction of somebody else, committed or aborted. */
  async produceInTransaction(topic: string, messages: readonly Message[], end: "commit" | "abort"): Promise<void> {
    const transactionalId = `tools-${process.pid}-${process.hrtime.bigint()}`;
    const producer = this.#kafka.producer({
      createPartitioner,
      transactionalId,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [...messages] });
      await transaction[end]();
    } finally {
      await producer.disconnect();
    }
  }

  /** Of all partitions, each in its order; what is in open transactions, and behind them, is not there. */
  async committed(topic: string): Promise<CommittedRecord[]> {
    return readCommitted(this.#servers, topic);
  }

  async #withAdmin(act: (admin: ReturnType<Kafka["admin"]>) => Promise<unknown>): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      await act(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
