/** A slot in a thread of its own, up to its edges: what comes in as bytes, what goes out, and that nothing is left when its job is over. */
import { beforeEach, describe, expect, test } from "vitest";
import { makeCall, remoteGateway } from "../../../core/cluster/rpc/remote-gateway.ts";
import { SlotEndpoint, withoutGraph } from "../../../core/cluster/slot-endpoint.ts";
import type { BuiltJob } from "../../../core/cluster/slot-endpoint.ts";
import type { FromSlot, SlotStart } from "../../../core/cluster/slot-messages.ts";
import type { SlotGateway } from "../../../core/cluster/slot-worker.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { TaskDescriptor } from "../../../core/runtime/deployment.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const OFFER = "tm/0.1#1";
const START: SlotStart = {
  name: "tm/0.1",
  jobName: "job",
  module: "file:///job.js",
  args: [],
  config: {},
  signature: [],
  maxParallelism: [],
  mounts: [
    { mount: "checkpoints", directory: undefined },
    { mount: "restored", directory: "saved" },
  ],
};

class Bench {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  readonly endpoint: SlotEndpoint;
  readonly job: BuiltJob;

  constructor(built?: Outcome<BuiltJob>) {
    const { clock } = this;
    this.job = this.#build();
    this.endpoint = new SlotEndpoint({
      start: START,
      built: built ?? succeeded(this.job),
      world: {
        clock,
        random: new SeededRandom(1),
        memoryStore: () => new MemoryBlobStore((callback) => clock.yield(callback)),
        openStore: (directory) => {
          this.log.push(`open ${directory}`);
          return new MemoryBlobStore((callback) => clock.yield(callback));
        },
        openScratch: () => new MemoryScratch(),
        splitPath: () => ({ directory: "", name: "" }),
        pathWithin: () => undefined,
        warn: (line) => this.log.push(line),
      },
      health: () => ({ heapUsedBytes: 1, heapLimitBytes: 2, externalBytes: 3, eventLoopLagMs: 4 }),
      poll: () => undefined,
      send: (message) => this.#sent(message),
      ended: () => this.log.push("ended"),
    });
  }

  #build(): BuiltJob {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": 1 });
    env.fromSequence(1, 9).rebalance().discard();
    return { graph: createJobGraph(env.getStreamGraph(), { name: "job", config: env.config }), config: env.config };
  }

  #sent(message: FromSlot): void {
    if (message.kind === "call") {
      const say =
        (what: string) =>
        (task?: { readonly vertex: number }, ...more: unknown[]) =>
          void this.log.push([what, task?.vertex, ...more.map(String)].filter((part) => part !== undefined).join(" "));
      const methods = ["offer", "beat", "running", "failed", "terminated", "operatorEvent"];
      makeCall(Object.fromEntries(methods.map((method) => [method, say(method)])), message.call);
    } else if (message.kind === "connect") this.log.push(`connect ${message.peer}`);
    else this.log.push(message.kind);
  }

  call(offer: string = OFFER): SlotGateway {
    return remoteGateway<SlotGateway>(["deploy", "cancel"], (call) =>
      this.endpoint.receive({ kind: "call", offer, call }),
    );
  }

  /** Where the other vertex runs: here, unless said. */
  deploy(vertex: number, elsewhere: string = OFFER): void {
    const descriptor: TaskDescriptor = {
      task: { vertex, subtask: 0, attempt: 0 },
      jobName: "job",
      jobId: "0",
      masterToken: 1,
      graph: this.job.graph,
      config: this.job.config,
      restore: undefined,
      placement: vertex === 0 ? [[OFFER], [elsewhere]] : [[elsewhere], [OFFER]],
    };
    this.call().deploy(withoutGraph(descriptor) as TaskDescriptor); // the endpoint adds what was left out
  }

  /** Lets promises of user code settle, and everything that follows at this time. */
  async settle(): Promise<string[]> {
    for (let turn = 0; turn < 20; turn += 1) {
      this.clock.runYielded();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.log.splice(0);
  }
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe("a slot", () => {
  test("opens what is mounted, offers itself, and tells its metrics every second", async () => {
    expect(await bench.settle()).toEqual(["open saved"]);
    bench.endpoint.begin();
    expect(await bench.settle()).toEqual(["offer"]);
    bench.clock.advance(2_500);
    expect(await bench.settle()).toEqual(["metrics", "metrics"]);
    bench.endpoint.receive({ kind: "mount", mount: { mount: "savepoints-1", directory: "later" } });
    expect(await bench.settle()).toEqual(["open later"]);
  });

  test("runs tasks of a description without the graph, which it has by itself", async () => {
    bench.endpoint.begin();
    for (const vertex of [0, 1]) bench.deploy(vertex);
    const said = await bench.settle();
    expect(said.filter((line) => line.startsWith("running")).toSorted()).toEqual(["running 0", "running 1"]);
  });

  test("drops calls to an offer that is not in force", async () => {
    bench.endpoint.begin();
    bench.call("tm/0.1#7").cancel({ vertex: 0, subtask: 0, attempt: 0 });
    expect(await bench.settle()).toEqual(["open saved", "offer"]);
  });

  test("tells its metrics before the last report of a task, so that whoever hears of the end has counted what it did", async () => {
    bench.endpoint.begin();
    bench.deploy(0);
    bench.call().cancel({ vertex: 0, subtask: 0, attempt: 0 });
    const said = await bench.settle();
    expect(said.slice(said.indexOf("metrics"))).toEqual(["metrics", "terminated 0 canceled"]);
  });

  test("asks for a link to where the other end of a channel is, and fails the task if nobody is there", async () => {
    bench.endpoint.begin();
    bench.deploy(1, "elsewhere#1");
    expect(await bench.settle()).toContain("connect elsewhere");
    bench.endpoint.receive({ kind: "no-peer", peer: "elsewhere" });
    const said = await bench.settle();
    expect(said).toContainEqual(expect.stringMatching(/^failed 1 .*MR7007/));
    expect(said).toContain("terminated 1 failed");
  });

  test("ends its tasks and says so when the job is over, and leaves nothing that would keep its thread", async () => {
    bench.endpoint.begin();
    for (const vertex of [0, 1]) bench.deploy(vertex);
    await bench.settle();
    bench.endpoint.receive({ kind: "end" });
    bench.endpoint.receive({ kind: "end" });
    const said = await bench.settle();
    expect(said.filter((line) => line === "ended")).toEqual(["ended"]);
    expect(said.at(-1)).toBe("ended");
    expect(bench.clock.alarms).toBe(0);
  });
});

test("a slot that could not build the job offers itself all the same, and fails what is deployed there with the reason", async () => {
  const error = new MillraceError("MR7011", "it cannot be built", { retryable: false });
  bench = new Bench(failed(error));
  bench.endpoint.begin();
  bench.deploy(0);
  expect(await bench.settle()).toEqual([
    "open saved",
    "offer",
    "failed 0 MillraceError: MR7011: it cannot be built",
    "metrics",
    "terminated 0 failed",
  ]);
  bench.endpoint.receive({ kind: "end" });
  expect(await bench.settle()).toEqual(["ended"]);
});
