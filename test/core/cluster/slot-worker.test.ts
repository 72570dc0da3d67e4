/**
 * The life of a slot: one offer at a time, each to the newest leader that is known, and none before the tasks of the one before have ended; what was meant
 * for an earlier offer is dropped.
 */
// covers: core/cluster/task-slot.ts
import { beforeEach, describe, expect, test } from "vitest";
import { SlotWorker } from "../../../core/cluster/slot-worker.ts";
import type { SlotGateway, SlotReports } from "../../../core/cluster/slot-worker.ts";
import type { SlotMessage } from "../../../core/cluster/task-slot.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import { ModuleCopies } from "../../../core/runtime/copies.ts";
import type { TaskDescriptor } from "../../../core/runtime/deployment.ts";
import { ThreadScheduler } from "../../../core/runtime/thread-scheduler.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { Config } from "../../../core/util/config.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const INTERVAL_MS = 10;
const TIMEOUT_MS = 35;
const AGAIN_MS = 1_000;
const ELSEWHERE = "elsewhere#1";
const CONFIG = new Config({
  "heartbeat.interval": INTERVAL_MS,
  "heartbeat.timeout": TIMEOUT_MS,
  "task.cancellation.timeout": 0,
});

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly log: string[] = [];
  readonly wire: { readonly from: string; readonly to: string; readonly message: SlotMessage }[] = [];
  readonly metrics: MetricRegistry = new MetricRegistry({ clock: this.clock });
  readonly worker: SlotWorker;
  readonly graph: JobGraph;
  /** Lets the map's `close` end, where it hangs. */
  release: () => void = () => undefined;
  hangs = false;
  #beats = false;

  constructor() {
    const { clock } = this;
    this.worker = new SlotWorker({
      name: "w",
      config: CONFIG,
      clock,
      random: new SeededRandom(1),
      storage: new MemoryBlobStore((callback) => clock.yield(callback)),
      scratch: new MemoryScratch(),
      metrics: this.metrics,
      copies: new ModuleCopies({ enabled: false, job: "job" }),
      warn: (line) => this.log.push(line),
      scheduler: new ThreadScheduler(clock),
      send: (from, to, message) => this.wire.push({ from, to, message }),
    });
    this.graph = this.#build();
  }

  /** Nobody assigns splits to the source, so that it runs until it is cancelled. */
  #build(): JobGraph {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": 1 });
    const slow = {
      map: (n: number) => n,
      close: () => (this.hangs ? new Promise<void>((resolve) => (this.release = resolve)) : undefined),
    };
    env.fromSequence(1, 9).rebalance().map(slow).discard();
    return createJobGraph(env.getStreamGraph(), { name: "job", config: CONFIG });
  }

  /** News of a leader. */
  leads(token: number): void {
    this.worker.leads({ token, reportsOf: (offer) => this.#reports(`${token} ${offer}`) });
  }

  #reports(who: string): SlotReports {
    const say = (what: string): void => void this.log.push(`${who} ${what}`);
    return {
      running: ({ vertex }) => say(`running ${vertex}`),
      ended: ({ vertex }) => say(`ended ${vertex}`),
      failed: ({ vertex }, cause) => say(`failed ${vertex}: ${cause.message}`),
      terminated: ({ vertex }, state) => say(`${state} ${vertex}`),
      acknowledge: () => say("acknowledge"),
      decline: () => say("decline"),
      operatorEvent: () => undefined,
      accumulated: () => undefined,
      offer: () => say("offer"),
      beat: () => this.#beats && say("beat"),
      withdraw: (cause) => say(`withdraw: ${cause.message}`),
    };
  }

  listenForBeats(): void {
    this.#beats = true;
  }

  /** The leader says that it is there. */
  hear(offer: string, ms: number): void {
    for (let passed = 0; passed < ms; passed += INTERVAL_MS) {
      this.worker.gateway(offer)?.beat();
      this.clock.advance(INTERVAL_MS);
    }
  }

  deploy(offer: string, options: { readonly vertices?: readonly number[]; readonly apart?: boolean } = {}): void {
    const placement = [[offer], [options.apart === true ? ELSEWHERE : offer]];
    for (const vertex of options.vertices ?? [0, 1])
      this.worker.gateway(offer)?.deploy({ ...this.descriptorOf(offer, vertex), placement });
  }

  descriptorOf(offer: string, vertex: number): TaskDescriptor {
    return {
      task: { vertex, subtask: 0, attempt: 0 },
      jobName: "job",
      jobId: "0",
      masterToken: 1,
      graph: this.graph,
      config: CONFIG,
      restore: undefined,
      placement: [[offer], [offer]],
    };
  }

  /** Lets promises of user code settle, and everything that follows at this time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      this.clock.runYielded();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What was said since the last time. */
  said(): string[] {
    return this.log.splice(0);
  }

  /** With tasks that run, for leader 1. */
  async running(): Promise<void> {
    this.leads(1);
    this.deploy("w#1");
    await this.settle();
    const said = this.said().toSorted().join();
    if (said !== "1 w#1 offer,1 w#1 running 0,1 w#1 running 1") throw new Error(said);
  }
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe("an offer", () => {
  test("is made to the first leader that is heard of, and beats follow", () => {
    bench.listenForBeats();
    expect(bench.said()).toEqual([]);
    bench.leads(3);
    bench.hear("w#1", 3 * INTERVAL_MS);
    expect(bench.said()).toEqual(["3 w#1 offer", "3 w#1 beat", "3 w#1 beat", "3 w#1 beat"]);
    expect([bench.worker.holds("w#1"), bench.worker.holds("w#2"), bench.worker.holds("x#1")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(bench.worker.gateway("w#2")).toBeUndefined();
  });

  test("is not made twice, however often the same leader is announced", () => {
    for (let time = 0; time < 3; time += 1) bench.leads(3);
    expect(bench.said()).toEqual(["3 w#1 offer"]);
  });

  test("is withdrawn when the leader is silent, and made to it again after a while", async () => {
    await bench.running();
    bench.clock.advance(TIMEOUT_MS + INTERVAL_MS);
    await bench.settle();
    const [withdrawn, ...ends] = bench.said();
    expect(withdrawn).toMatch(/^1 w#1 withdraw: MR7008/);
    expect(ends.toSorted()).toEqual(["1 w#1 canceled 0", "1 w#1 canceled 1"]);
    bench.clock.advance(AGAIN_MS - 1);
    expect(bench.said()).toEqual([]);
    bench.clock.advance(1);
    expect(bench.said()).toEqual(["1 w#2 offer"]);
  });

  test("is over when the connection to its leader is lost, or the leader dismisses it", async () => {
    await bench.running();
    bench.worker.masterLost("w#0");
    expect(bench.worker.holds("w#1")).toBe(true);
    bench.worker.masterLost("w#1");
    await bench.settle();
    expect(bench.said().toSorted()).toEqual(["1 w#1 canceled 0", "1 w#1 canceled 1"]);
    bench.clock.advance(AGAIN_MS);
    expect(bench.said()).toEqual(["1 w#2 offer"]);
    bench.worker.masterLost("w#1");
    bench.worker.gateway("w#2")?.dismiss();
    bench.clock.advance(AGAIN_MS);
    expect(bench.said()).toEqual(["1 w#3 offer"]);
  });
});

describe("another leader", () => {
  test("gets an offer when the tasks of the last one have ended, and they report to the old one to the end", async () => {
    await bench.running();
    bench.hangs = true;
    bench.leads(2);
    await bench.settle();
    expect(bench.said()).toEqual(["1 w#1 canceled 0"]);
    // Nobody reaches it meanwhile, and silence means nothing.
    expect([bench.worker.holds("w#1"), bench.worker.gateway("w#1")]).toEqual([false, undefined]);
    bench.worker.masterLost("w#1");
    bench.clock.advance(10 * AGAIN_MS);
    expect(bench.said()).toEqual([]);
    bench.release();
    await bench.settle();
    expect(bench.said()).toEqual(["1 w#1 canceled 1", "2 w#2 offer"]);
    // And only one: what was scheduled meanwhile offers nothing more.
    bench.hear("w#2", 2 * AGAIN_MS);
    expect(bench.said()).toEqual([]);
  });

  test("of whom it hears while it ends its tasks: the newest gets the offer", async () => {
    await bench.running();
    bench.hangs = true;
    bench.leads(2);
    await bench.settle();
    bench.leads(4);
    bench.leads(3);
    bench.release();
    await bench.settle();
    expect(bench.said()).toEqual(["1 w#1 canceled 0", "1 w#1 canceled 1", "4 w#2 offer"]);
  });

  test("an older one is never believed: not while an offer is in force, not between two", async () => {
    bench.leads(5);
    bench.leads(4);
    expect(bench.said()).toEqual(["5 w#1 offer"]);
    bench.worker.masterLost("w#1");
    bench.leads(4);
    bench.leads(5);
    expect(bench.said()).toEqual([]);
    bench.clock.advance(AGAIN_MS);
    expect(bench.said()).toEqual(["5 w#2 offer"]);
  });

  test("of whom it hears between two offers gets one at once, and the wait for the old one is over", () => {
    bench.leads(1);
    bench.worker.masterLost("w#1");
    bench.clock.advance(AGAIN_MS / 2);
    bench.leads(2);
    expect(bench.said()).toEqual(["1 w#1 offer", "2 w#2 offer"]);
    bench.hear("w#2", 2 * AGAIN_MS);
    expect(bench.said()).toEqual([]);
  });
});

describe("tasks", () => {
  test("of an earlier offer cannot be reached, nor anything of them be started", async () => {
    await bench.running();
    const old = bench.worker.gateway("w#1");
    bench.leads(2);
    await bench.settle();
    bench.said();
    bench.deploy("w#1");
    old?.cancel({ vertex: 0, subtask: 0, attempt: 0 });
    bench.worker.receive("w#1", creditOf(0));
    await bench.settle();
    expect(bench.said()).toEqual([]);
    bench.deploy("w#2");
    await bench.settle();
    expect(bench.said().toSorted()).toEqual(["2 w#2 running 0", "2 w#2 running 1"]);
    // The old gateway leads to tasks that have ended.
    old?.cancel({ vertex: 0, subtask: 0, attempt: 0 });
    old?.deploy(bench.descriptorOf("w#1", 0));
    old?.dismiss();
    await bench.settle();
    expect([bench.worker.holds("w#2"), bench.said()]).toEqual([true, []]);
  });

  test("fail when the connection to a slot that they exchange with is lost, and only those", async () => {
    bench.leads(1);
    bench.deploy("w#1", { vertices: [0], apart: true });
    await bench.settle();
    bench.worker.disconnected("other#1", new Error("broken"));
    await bench.settle();
    expect(bench.said()).toEqual(["1 w#1 offer", "1 w#1 running 0"]);
    bench.worker.disconnected(ELSEWHERE, new Error("broken"));
    bench.worker.disconnected(ELSEWHERE, new Error("broken"));
    await bench.settle();
    const [failure, ...ends] = bench.said();
    expect(failure).toMatch(/^1 w#1 failed 0: MR7007.*the connection to slot elsewhere#1 was lost \(broken\)/);
    expect(ends).toEqual(["1 w#1 failed 0"]);
  });

  test("tell the other slot by the names of both offers, as soon as they read from it", () => {
    bench.leads(1);
    bench.worker.gateway("w#1")?.deploy({ ...bench.descriptorOf("w#1", 1), placement: [[ELSEWHERE], ["w#1"]] });
    expect(bench.wire).toMatchObject([
      { from: "w#1", to: ELSEWHERE, message: { attempt: 0, message: { kind: "credit" } } },
    ]);
  });

  test("find the credit that came before them, if it is of their attempt", async () => {
    bench.leads(1);
    // Without a credit a task of two slots waits for its consumer, and does not even look for input.
    bench.worker.receive("w#1", creditOf(0));
    bench.worker.receive("w#1", creditOf(7));
    bench.deploy("w#1", { vertices: [0], apart: true });
    await bench.settle();
    bench.worker.gateway("w#1")?.trigger({ vertex: 0, subtask: 0, attempt: 0 }, 1, {
      kind: "checkpoint",
      directory: "chk-1",
    });
    await bench.settle();
    expect(bench.wire.map(({ message }) => message.message)).toMatchObject([
      { kind: "control", element: { kind: "barrier", checkpointId: 1 } },
    ]);
  });

  test("leave no metrics behind when their offer is over", async () => {
    await bench.running();
    expect(bench.metrics.snapshot().length).toBeGreaterThan(0);
    bench.leads(2);
    await bench.settle();
    expect(bench.metrics.snapshot()).toEqual([]);
  });
});

function creditOf(attempt: number): SlotMessage {
  return { attempt, channel: { edge: 0, producer: 0, consumer: 0 }, message: { kind: "credit", frames: 2 } };
}

test("a report that is lost in the call that makes it ends the offer, and no later one", () => {
  const gateways: (SlotGateway | undefined)[] = [];
  let broken = true;
  bench.worker.leads({
    token: 1,
    reportsOf: (offer) => {
      const nothing = (): void => undefined;
      return {
        running: nothing,
        ended: nothing,
        failed: nothing,
        terminated: nothing,
        acknowledge: nothing,
        decline: nothing,
        operatorEvent: nothing,
        accumulated: nothing,
        beat: nothing,
        withdraw: (cause) => void bench.log.push(`${offer} ${cause.message}`),
        offer: () => {
          bench.log.push(`${offer} offer`);
          gateways.push(bench.worker.gateway(offer));
          if (broken) bench.worker.masterLost(offer);
        },
      };
    },
  });
  broken = false;
  bench.clock.advance(AGAIN_MS);
  bench.hear("w#2", 10 * TIMEOUT_MS);
  expect(bench.said()).toEqual(["w#1 offer", "w#2 offer"]);
  expect(gateways).toHaveLength(2);
});
