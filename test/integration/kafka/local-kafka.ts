/** A Kafka cluster of one or three nodes on this machine, on free ports, with its data in a folder that goes when the cluster goes. */
import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KAFKA_VERSION, kafkaJars } from "./kafka-jars.ts";
import { KafkaNode } from "./kafka-node.ts";

export interface LocalKafkaOptions {
  /** 1 or 3. Default: 1. */
  readonly nodes?: number;
  readonly version?: string;
  /** More lines of server.properties. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Default: any that is free. Of the first node; the others follow it. */
  readonly port?: number;
}

export interface LocalKafka {
  readonly bootstrapServers: readonly string[];
  /** Node ids count from 1. */
  readonly nodes: readonly KafkaNode[];
  stop(): Promise<void>;
}

export async function startKafka(options: LocalKafkaOptions = {}): Promise<LocalKafka> {
  const { nodes: count = 1, version = KAFKA_VERSION, settings = {}, port } = options;
  const jars = await kafkaJars(version);
  const folder = await mkdtemp(join(tmpdir(), "millrace-kafka-"));
  const free = await freePorts(count * 2);
  const brokers = port === undefined ? free.slice(0, count) : free.slice(0, count).map((_, index) => port + index);
  const controllers = free.slice(count);
  const clusterId = `M${randomBytes(16).toString("base64url").slice(1, 22)}`;
  const nodes = brokers.map((own, index) => {
    const ports = { own, controllers, controller: controllers[index] ?? 0 };
    const all = { ...settingsOf(index + 1, count, ports), ...settings };
    return new KafkaNode({ jars, folder: join(folder, `node-${index + 1}`), clusterId, settings: all });
  });
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { bootstrapServers: brokers.map((own) => `127.0.0.1:${own}`), nodes, stop };
}

interface Ports {
  readonly own: number;
  readonly controller: number;
  readonly controllers: readonly number[];
}

/** As small and as quick as it can be. Topics are made by tests, not by the way. */
function settingsOf(
  id: number,
  count: number,
  { own, controller, controllers }: Ports,
): Record<string, string | number> {
  const copies = Math.min(count, 3);
  const inSync = copies === 3 ? 2 : 1;
  return {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": controllers.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${own},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${own}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": copies,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": 4,
    // Otherwise a group waits for more members, and a transaction that timed out is found late.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 3_000,
    "log.segment.delete.delay.ms": 1_000,
    "log.cleaner.dedupe.buffer.size": 8_388_608,
    "log.cleaner.threads": 1,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
  };
}

/**
 * Below the range from which the kernel takes ports for outgoing connections: while a broker is down, a client that tries to reach it could otherwise be given
 * the broker's own port, be connected with itself, and keep the broker from coming back.
 */
const PORTS = [20_000, 32_000] as const;

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
