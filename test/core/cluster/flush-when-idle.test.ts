/**
 * Goal:   in a slot whose tasks never have enough, a record for another slot waits for no longer than the buffer timeout and the slices of one round, though its frame
 *         has room for many more; and where its task has nothing else to do, it leaves at once.
 * Method: two slots on a virtual clock, which stands still but for what the saturated source works, a slice at a time. Beside it, in the same slot: a source of 100 records
 *         a second, and a trickle that the saturated task itself emits.
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import { TaskSlot } from "../../../core/cluster/task-slot.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from "../../../core/index.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import type { ChannelMessage } from "../../../core/network/remote-channel.ts";
import { SendingChannel } from "../../../core/network/remote-channel.ts";
import { ModuleCopies } from "../../../core/runtime/copies.ts";
import type { TaskReports } from "../../../core/runtime/deployment.ts";
import { ThreadScheduler } from "../../../core/runtime/thread-scheduler.ts";
import type { TaskScheduler } from "../../../core/runtime/thread-scheduler.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import type { Cancel, Clock } from "../../../core/time/clock.ts";
import { Config } from "../../../core/util/config.ts";
import { SeededRandom } from "../../../core/util/random.ts";

const BUFFER_TIMEOUT_MS = 1;
/** What 1,024 records of the saturated source take. */
const SLICE_MS = 0.5;
const RECORD_MS = SLICE_MS / 1_024;
/** A slot lets its event loop have its turn so often. */
const TURN_MS = 4;
const EVERY_MS = 10;
/** One in so many records of the saturated source: about 160 a second, so that no frame of them is ever full in time. */
const TRICKLE = 12_345;
const DURATION_MS = 600;

/** Time goes on as somebody works, and where nobody does, up to the next alarm. */
class WorkClock implements Clock {
  #nowMs = 0;
  #alarms: { readonly atMs: number; readonly callback: () => void }[] = [];
  #yielded: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  work(ms: number): void {
    this.#nowMs += ms;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const alarm = { atMs: this.#nowMs + delayMs, callback };
    this.#alarms = [...this.#alarms, alarm].toSorted((left, right) => left.atMs - right.atMs);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  yield(callback: () => void): void {
    this.#yielded.push(callback);
  }

  /** One turn of the event loop. */
  turn(): void {
    for (let next = this.#alarms[0]; next !== undefined && next.atMs <= this.#nowMs; next = this.#alarms[0]) {
      this.#alarms.shift();
      next.callback();
    }
    for (const callback of this.#yielded.splice(0)) callback();
    const [next] = this.#alarms;
    if (this.#yielded.length === 0 && next !== undefined) this.#nowMs = Math.max(this.#nowMs, next.atMs);
  }
}

/** What the readers of a source do, without splits. */
function endless(
  createReader: (ctx: SourceReaderContext) => Pick<SourceReader<number, SourceSplit>, "pollNext">,
): Source<number, SourceSplit> {
  return {
    boundedness: "continuous-unbounded",
    createReader: (ctx) => ({
      ...createReader(ctx),
      addSplits: () => undefined,
      noMoreSplits: () => undefined,
      snapshot: () => [],
    }),
    createEnumerator: () => ({
      handleSplitRequest: () => undefined,
      addSplitsBack: () => undefined,
      snapshot: () => undefined,
    }),
  };
}

class Bench {
  readonly clock: WorkClock = new WorkClock();
  readonly #graph: JobGraph;
  readonly #config: Config;
  readonly #slots: ReadonlyMap<string, TaskSlot>;
  /** By edge: when the records that have not left were emitted, oldest first; and how long others waited. */
  readonly #emittedMs: Map<string, number[]> = new Map([
    ["quiet", []],
    ["trickle", []],
  ]);
  readonly waitedMs: Map<string, number[]> = new Map([
    ["quiet", []],
    ["trickle", []],
  ]);
  /** From when a record of the quiet source was due until it left. */
  readonly lateMs: number[] = [];
  slices = 0;

  constructor(bufferTimeoutMs: number = BUFFER_TIMEOUT_MS) {
    this.#config = new Config({
      "parallelism.default": 1,
      "pipeline.auto-watermark-interval": 0,
      "execution.buffer-timeout.interval": bufferTimeoutMs,
    });
    this.#graph = this.#build();
    this.#slots = new Map(["near", "far"].map((slot) => [slot, this.#slot(slot)]));
    for (const { index, inputs } of this.#graph.vertices) this.#deploy(index, inputs.length === 0 ? "near" : "far");
  }

  run(): void {
    while (this.clock.elapsedMs() < DURATION_MS) this.clock.turn();
  }

  #build(): JobGraph {
    const env = StreamExecutionEnvironment.create(this.#config);
    const flood = env.fromSource(
      endless(() => this.#flood()),
      WatermarkStrategy.noWatermarks(),
      "flood",
    );
    flood.rebalance().discard().name("flooded");
    flood
      .filter((n) => n % TRICKLE === 0)
      .map((n) => this.#emitted("trickle", n))
      .rebalance()
      .discard()
      .name("trickle");
    env
      .fromSource(
        endless((ctx) => this.#quiet(ctx)),
        WatermarkStrategy.noWatermarks(),
        "every 10 ms",
      )
      .map((n) => this.#emitted("quiet", n))
      .rebalance()
      .discard()
      .name("quiet");
    return createJobGraph(env.getStreamGraph(), { name: "job", config: this.#config });
  }

  #flood(): Pick<SourceReader<number, SourceSplit>, "pollNext"> {
    let next = 0;
    return {
      pollNext: (output: ReaderOutput<number>, recordsMax: number): PollResult => {
        this.slices += 1;
        for (let count = 0; count < recordsMax && !output.busy; count += 1) {
          this.clock.work(RECORD_MS);
          next += 1;
          output.collect(next);
        }
        return "more-available";
      },
    };
  }

  #quiet(ctx: SourceReaderContext): Pick<SourceReader<number, SourceSplit>, "pollNext"> {
    let dueMs = EVERY_MS;
    return {
      pollNext: (output): PollResult => {
        if (this.clock.elapsedMs() >= dueMs) {
          output.collect(dueMs);
          dueMs += EVERY_MS;
        }
        ctx.schedule(dueMs - this.clock.elapsedMs(), () => ctx.wake());
        return "nothing-available";
      },
    };
  }

  #emitted(what: string, n: number): number {
    this.#emittedMs.get(what)?.push(this.clock.elapsedMs());
    if (what === "quiet") this.lateMs.push(-n);
    return n;
  }

  #slot(slot: string): TaskSlot {
    const { clock } = this;
    const nothing = (): void => undefined;
    const reports: TaskReports = {
      running: nothing,
      ended: nothing,
      failed: (_task, cause) => expect.unreachable(cause.message),
      terminated: nothing,
      acknowledge: nothing,
      decline: nothing,
      operatorEvent: nothing,
      accumulated: nothing,
    };
    const scheduler: TaskScheduler = new ThreadScheduler(clock);
    return new TaskSlot({
      slot,
      clock,
      scheduler,
      reports,
      random: new SeededRandom(1),
      storage: new MemoryBlobStore((callback) => clock.yield(callback)),
      scratch: new MemoryScratch(),
      metrics: new MetricRegistry({ clock }),
      copies: new ModuleCopies({ enabled: false, job: "job" }),
      warn: (line) => expect.unreachable(line),
      send: (to, message) => {
        this.#left(message.channel.edge, message.message);
        clock.yield(() => this.#slots.get(to)?.receive(message));
      },
    });
  }

  #left(edge: number, message: ChannelMessage): void {
    if (message.kind !== "records") return;
    const { name = "" } = this.#graph.vertices[this.#graph.edges[edge]?.to ?? -1] ?? {};
    const consumer = [...this.waitedMs.keys()].find((what) => name.includes(what)) ?? "";
    const nowMs = this.clock.elapsedMs();
    const emitted = this.#emittedMs.get(consumer)?.splice(0, message.count) ?? [];
    this.waitedMs.get(consumer)?.push(...emitted.map((emittedMs) => nowMs - emittedMs));
    if (consumer !== "quiet") return;
    for (let index = this.lateMs.length - message.count; index < this.lateMs.length; index += 1)
      this.lateMs[index] = nowMs + (this.lateMs[index] ?? 0);
  }

  #deploy(vertex: number, slot: string): void {
    const placement = this.#graph.vertices.map(({ inputs }) => [inputs.length === 0 ? "near" : "far"]);
    const task = { vertex, subtask: 0, attempt: 0 };
    this.#slots.get(slot)?.deploy({
      task,
      jobName: "job",
      jobId: "0",
      masterToken: 1,
      graph: this.#graph,
      config: this.#config,
      restore: undefined,
      placement,
    });
  }
}

/** Lets tasks be built, which takes promises. */
async function ranFor(bench: Bench): Promise<Bench> {
  for (let turn = 0; turn < 20; turn += 1) {
    bench.clock.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
  bench.run();
  return bench;
}

function longest(waits: readonly number[] | undefined): number {
  return Math.max(...(waits ?? []));
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** One round of the slot's tasks, and what the step at hand had begun. */
const ROUNDS_MS = 2 * SLICE_MS;

describe("beside a source that is never done", () => {
  test("a record of a quiet source leaves with the step that emits it, and one of the busy task within the buffer timeout", async () => {
    const bench = await ranFor(new Bench());
    expect(bench.slices).toBeGreaterThan(DURATION_MS / SLICE_MS / 2);
    expect(bench.waitedMs.get("quiet")?.length).toBeGreaterThan(DURATION_MS / EVERY_MS - 10);
    expect(bench.waitedMs.get("trickle")?.length).toBeGreaterThan(50);
    expect(longest(bench.waitedMs.get("quiet"))).toBe(0);
    expect(longest(bench.waitedMs.get("trickle"))).toBeLessThanOrEqual(BUFFER_TIMEOUT_MS + ROUNDS_MS);
    expect(longest(bench.lateMs)).toBeLessThanOrEqual(TURN_MS + ROUNDS_MS);
  });

  test("without a buffer timeout, the busy task sends what it has after each step", async () => {
    const bench = await ranFor(new Bench(0));
    expect(longest(bench.waitedMs.get("trickle"))).toBeLessThanOrEqual(ROUNDS_MS);
  });

  test("with a buffer timeout that never comes, only the busy task keeps its records waiting: until it is blocked", async () => {
    const bench = await ranFor(new Bench(1e9));
    expect(longest(bench.waitedMs.get("quiet"))).toBe(0);
    expect(longest(bench.waitedMs.get("trickle"))).toBeGreaterThan(BUFFER_TIMEOUT_MS + ROUNDS_MS);
  });

  test("without the flush, both wait until their frames are full: the measure sees it", async () => {
    vi.spyOn(SendingChannel.prototype, "flush").mockReturnValue(undefined);
    const bench = await ranFor(new Bench());
    expect(longest(bench.waitedMs.get("quiet"))).toBeGreaterThan(10 * EVERY_MS);
    expect(longest(bench.waitedMs.get("trickle"))).toBeGreaterThan(10 * BUFFER_TIMEOUT_MS);
  });
});
