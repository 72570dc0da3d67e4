/**
 * Exactly once on a real broker, checked by a reader that shares nothing with us: jobs from Kafka to Kafka whose whole process is killed, at random and at each step of the commit, is paused and comes back,
 * or whose broker is killed. Each key's sequence is whole, once and in order.
 *
 * `npm run test:integration -- --full` kills thirty times where this kills five times.
 */
// covers: connectors/kafka/sink/*
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JobProcesses } from "./job-processes.ts";
import type { JobProcess } from "./job-processes.ts";
import type { Counted, RunningCountArgs, Visit } from "./jobs/running-count.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const isFull = process.env["MILLRACE_FULL"] === "1";
const KILLS = isFull ? 30 : 5;
const KEYS = 7;
const PATIENCE_MS = 60_000;

let topics = 0;

/** Topics with visits that come in little by little, and the job between them. */
class Scene {
  readonly tools: KafkaTools;
  readonly jobs: JobProcesses = new JobProcesses("running-count");
  readonly args: RunningCountArgs;
  #produced = 0;

  constructor(brokers: readonly string[] = servers) {
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

  /** What is to be seen, and what is, once as much is visible. */
  async outcome(
    job: JobProcess,
  ): Promise<{ readonly expected: Map<string, Counted[]>; readonly seen: Map<string, Counted[]> }> {
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

function expectExact({ expected, seen }: Awaited<ReturnType<Scene["outcome"]>>): void {
  expect(seen).toEqual(expected);
}

async function onScene(story: (scene: Scene) => Promise<void>, brokers?: readonly string[]): Promise<void> {
  const scene = new Scene(brokers);
  try {
    await scene.begin();
    await story(scene);
  } finally {
    await scene.jobs.close();
  }
}

describe.skipIf(servers.length === 0)("exactly once, from Kafka to Kafka", () => {
  test("killed at random, and started again at any parallelism", { timeout: 600_000 }, () =>
    onScene((scene) => killedAtRandom(scene, KILLS)),
  );

  test.each(["before the commit", "before its answer counts"] as const)("killed %s of a transaction", (when) =>
    onScene(async (scene) => {
      await scene.visit(100);
      for (const at of [1, 2, 3]) {
        const dies = { at, when };
        const job = scene.jobs.start({ args: { ...scene.args, dies } satisfies RunningCountArgs, parallelism: 2 });
        const feeding = feed(scene, job);
        expect((await job.ended).signal).toBe("SIGKILL");
        await feeding;
      }
      expectExact(await scene.outcome(scene.jobs.start({ args: scene.args, parallelism: 1 })));
    }),
  );

  test("paused, believed dead, and back after its successor has committed", () =>
    onScene(async (scene) => {
      await scene.visit(100);
      const zombie = scene.jobs.start({ args: scene.args, parallelism: 2 });
      await scene.until(100, zombie);
      await scene.visit(60);
      zombie.signal("SIGSTOP");
      const successor = scene.jobs.start({ args: scene.args, parallelism: 1 });
      await scene.until(160, successor);
      zombie.signal("SIGCONT");
      await scene.visit(60);
      const { code, said } = await zombie.ended;
      expect(code).not.toBe(0);
      expect(said).toMatch(/MR6405|MR6406|MR6442/);
      await scene.visit(60);
      expectExact(await scene.outcome(successor));
    }));

  test("a transaction that the broker gave up, after its checkpoint: the job says what is lost", () =>
    onScene(async (scene) => {
      await scene.visit(30);
      const dies = { at: 1, when: "before the commit" } as const;
      const args: RunningCountArgs = { ...scene.args, transactionTimeoutMs: 1_000, dies };
      await scene.jobs.start({ args }).ended;
      await sleep(3_000); // beyond the timeout and the broker's next look
      const { code, said } = await scene.jobs.start({ args: scene.args }).ended;
      expect(code).not.toBe(0);
      expect(said).toMatch(/MR6442.*30 records of a completed checkpoint/s);
    }));

  describe("with a broker of its own", () => {
    let kafka: Awaited<ReturnType<typeof startKafka>>;
    beforeAll(async () => {
      kafka = await startKafka();
    }, 60_000);
    afterAll(async () => kafka.stop());

    test("which is killed and started again", () =>
      onScene(async (scene) => {
        const [node] = kafka.nodes;
        await scene.visit(100);
        const job = scene.jobs.start({ args: { ...scene.args, patienceMs: 60_000 }, parallelism: 2 });
        await scene.until(50, job);
        await node?.kill();
        await sleep(500);
        await node?.start();
        await scene.visit(100);
        expectExact(await scene.outcome(job));
      }, kafka.bootstrapServers));
  });
});

describe.skipIf(servers.length === 0 || !isFull)("exactly once on three brokers", () => {
  let kafka: Awaited<ReturnType<typeof startKafka>>;
  beforeAll(async () => {
    kafka = await startKafka({ nodes: 3 });
  }, 120_000);
  afterAll(async () => kafka.stop());

  test("the job killed at random, and started again at any parallelism", { timeout: 900_000 }, () =>
    onScene((scene) => killedAtRandom(scene, KILLS), kafka.bootstrapServers),
  );

  test("each broker killed in turn, the active controller among them", { timeout: 600_000 }, () =>
    onScene(async (scene) => {
      await scene.visit(100);
      const job = scene.jobs.start({ args: { ...scene.args, patienceMs: 90_000 }, parallelism: 2 });
      await scene.until(100, job);
      for (const node of kafka.nodes) {
        await scene.visit(50);
        await node.kill();
        await sleep(3_000);
        await node.start();
        await scene.visit(50);
      }
      expectExact(await scene.outcome(job));
    }, kafka.bootstrapServers),
  );
});

async function killedAtRandom(scene: Scene, kills: number): Promise<void> {
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
  expectExact(await scene.outcome(last));
}

/** Something to commit, again and again, until the job is gone. */
async function feed(scene: Scene, job: JobProcess): Promise<void> {
  while (job.isRunning) {
    await scene.visit(10);
    await sleep(100);
  }
}
