/**
 * A job from Kafka to Kafka as a process, visits that come in little by little, and what a reader that shares nothing with us sees of the counts.
 *
 * In:    a story of kills and starts. Out: what is to be seen, and what is. State: two topics, a directory of checkpoints.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import type { ListedTransaction } from "../../../connectors/kafka/client/kafka-client.ts";
import type { Outcome as Answer } from "../../../core/util/outcome.ts";
import { JobProcesses } from "./job-processes.ts";
import type { JobProcess } from "./job-processes.ts";
import type { Counted, RunningCountArgs, Visit } from "./jobs/running-count.ts";
import { KafkaTools } from "./kafka-tools.ts";

const KEYS = 7;
const PATIENCE_MS = 60_000;

let topics = 0;

/** Topics with visits that come in little by little, and the job between them. */
export class Scene {
  readonly tools: KafkaTools;
  readonly jobs: JobProcesses = new JobProcesses("running-count");
  readonly args: RunningCountArgs;
  #produced = 0;

  constructor(brokers: readonly string[]) {
    topics += 1;
    const name = `${process.pid}-${Date.now()}-${topics}`;
    this.tools = new KafkaTools(brokers);
    this.args = { servers: brokers.join(","), from: `visits-${name}`, to: `counts-${name}` };
  }

  async begin(): Promise<void> {
    await this.tools.createTopic(this.args.from, 3);
    await this.tools.createTopic(this.args.to, 3);
  }

  async visit(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, at) => {
      const n = this.#produced + at;
      const visit: Visit = { key: `key-${n % KEYS}`, n };
      return { key: visit.key, value: JSON.stringify(visit) };
    });
    await this.tools.produce(this.args.from, messages);
    this.#produced += count;
  }

  /** What a `read_committed` reader sees, per key in the order of the partition. */
  async counted(): Promise<Map<string, Counted[]>> {
    const byKey = new Map<string, Counted[]>();
    for (const { key, value } of await this.tools.committed(this.args.to)) {
      const counted = JSON.parse(value ?? "") as Counted; // as the job writes it
      byKey.set(key ?? "", [...(byKey.get(key ?? "") ?? []), counted]);
    }
    return byKey;
  }

  async count(): Promise<number> {
    return [...(await this.counted()).values()].reduce((sum, all) => sum + all.length, 0);
  }

  /** Waits until so many are visible. */
  async until(count: number, job: JobProcess): Promise<void> {
    const endMs = Date.now() + PATIENCE_MS;
    for (let seen = await this.count(); seen < count; seen = await this.count()) {
      if (!job.isRunning) throw new Error(`the job has ended: ${job.said}`);
      if (Date.now() > endMs) throw new Error(`${seen} of ${count} are visible; ${job.said}`);
      await sleep(50);
    }
  }

  /** Waits until the broker has ended every transaction of the job, as it does with those beyond their timeout. */
  async untilNothingIsOpen(): Promise<void> {
    const client = kafkajsClient({
      bootstrapServers: this.args.servers.split(","),
      clientId: "scene",
      requestTimeoutMs: PATIENCE_MS,
      retryForMs: PATIENCE_MS,
    });
    const endMs = Date.now() + PATIENCE_MS;
    try {
      for (;;) {
        const listed = await new Promise<Answer<readonly ListedTransaction[] | undefined>>((done) =>
          client.listTransactions(`job of ${this.args.to}`, done),
        );
        if (!listed.ok) throw listed.error;
        if (listed.value?.every(({ isOpen }) => !isOpen) === true) return;
        if (Date.now() > endMs) throw new Error("a transaction is open still");
        await sleep(50);
      }
    } finally {
      await client.close();
    }
  }

  /** What is to be seen, and what is, once as much is visible. */
  async outcome(job: JobProcess): Promise<Outcome> {
    await this.until(this.#produced, job);
    const expected = new Map<string, Counted[]>();
    for (let n = 0; n < this.#produced; n += 1) {
      const key = `key-${n % KEYS}`;
      const before = expected.get(key) ?? [];
      expected.set(key, [...before, { key, n, seen: before.length + 1 }]);
    }
    return { expected, seen: await this.counted() };
  }
}

export interface Outcome {
  readonly expected: Map<string, Counted[]>;
  readonly seen: Map<string, Counted[]>;
}

export function expectExact({ expected, seen }: Outcome): void {
  expect(seen).toEqual(expected);
}

export async function onScene(story: (scene: Scene) => Promise<void>, brokers: readonly string[]): Promise<void> {
  const scene = new Scene(brokers);
  try {
    await scene.begin();
    await story(scene);
  } finally {
    await scene.jobs.close();
  }
}

/** Killed so often at random, each time after some visits, and started again at any parallelism. */
export async function killedAtRandom(scene: Scene, kills: number): Promise<Outcome> {
  await scene.visit(200);
  for (let kill = 0; kill < kills; kill += 1) {
    const job = scene.jobs.start({ args: scene.args, parallelism: 1 + (kill % 3) });
    const before = await scene.count();
    await scene.visit(50);
    // Past the start, in two of three runs; then at any moment.
    if (kill % 3 > 0) await scene.until(before + 1, job);
    await scene.visit(100);
    await sleep(Math.random() * 600);
    await job.kill();
  }
  const last = scene.jobs.start({ args: scene.args, parallelism: 2 });
  await scene.visit(50);
  return scene.outcome(last);
}

/** Something to commit, again and again, until the job is gone. */
export async function feed(scene: Scene, job: JobProcess): Promise<void> {
  while (job.isRunning) {
    await scene.visit(10);
    await sleep(100);
  }
}
