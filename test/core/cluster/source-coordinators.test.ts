/** Split enumerators on the master: what they are told and may tell, and that one of an earlier attempt is heard no more. */
import { describe, expect, test } from "vitest";
import { SourceCoordinators } from "../../../core/cluster/source-coordinators.ts";
import type { Subtask } from "../../../core/graph/job-graph-types.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from "../../../core/index.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

/** Of the source of the bench, and of another. */
const ALL: readonly Subtask[] = [0, 1].flatMap((vertex) => [0, 1, 2].map((subtask) => ({ vertex, subtask })));

type Enumerator = SplitEnumerator<SourceSplit, string>;

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly log: string[] = [];
  readonly sent: string[] = [];
  readonly failures: Error[] = [];
  readonly contexts: SplitEnumeratorContext<SourceSplit>[] = [];
  readonly coordinators: SourceCoordinators;
  readonly operatorId: string;
  /** Set before `start`. */
  methods: Partial<Enumerator> = {};
  #mails: (() => void)[] = [];

  constructor() {
    const source: Source<number, SourceSplit, string> = {
      boundedness: "bounded",
      createReader: () => {
        throw new Error("nobody reads here");
      },
      createEnumerator: (ctx, restored) => {
        this.contexts.push(ctx);
        this.log.push(`create ${restored ?? "anew"}`);
        return {
          start: () => void this.log.push("start"),
          addReader: (subtask) => void this.log.push(`reader ${subtask} of ${ctx.registeredReaders().join()}`),
          handleSplitRequest: (subtask) => void this.log.push(`request ${subtask}`),
          handleEvent: (subtask, event) => void this.log.push(`event ${subtask} ${String(event)}`),
          addSplitsBack: () => undefined,
          snapshot: (checkpointId) => `state ${checkpointId}`,
          checkpointCompleted: (checkpointId) => void this.log.push(`completed ${checkpointId}`),
          close: () => void this.log.push("close"),
          ...this.methods,
        };
      },
    };
    const env = StreamExecutionEnvironment.create({ "parallelism.default": 3 });
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers").discard();
    const graph = createJobGraph(env.getStreamGraph(), { name: "job", config: env.config });
    this.operatorId = graph.vertices[0]?.operators[0]?.id ?? "";
    this.coordinators = new SourceCoordinators({
      graph,
      config: env.config,
      clock: this.clock,
      metrics: new MetricRegistry({ clock: this.clock }).open({ job: "job" }),
      execute: (mail) => void this.#mails.push(mail),
      send: (vertex, subtask, operatorId, event) =>
        void this.sent.push(`${vertex}/${subtask} ${event.type} ${operatorId === this.operatorId}`),
      warn: (sentence) => void this.log.push(sentence),
      fail: (cause) => void this.failures.push(cause),
    });
  }

  runMails(): void {
    for (const mail of this.#mails.splice(0)) mail();
  }

  get context(): SplitEnumeratorContext<SourceSplit> {
    const context = this.contexts.at(-1);
    if (context === undefined) throw new Error("no enumerator was made");
    return context;
  }
}

describe("an enumerator", () => {
  test("hears of readers, requests, events and checkpoints, and its answers reach the readers", () => {
    const bench = new Bench();
    const { coordinators, operatorId, context } = start(bench);
    coordinators.handle(operatorId, 2, { type: "register-reader" });
    coordinators.handle(operatorId, 0, { type: "register-reader" });
    coordinators.handle(operatorId, 2, { type: "request-split" });
    coordinators.handle(operatorId, 1, { type: "source-event", event: "hello" });
    coordinators.handle("of no source", 1, { type: "request-split" });
    coordinators.completed(4);
    context.assignSplits(2, [{ splitId: "a" }]);
    context.signalNoMoreSplits(1);
    context.sendEvent(0, "hello");
    expect(bench.log).toEqual([
      "create anew",
      "start",
      "reader 2 of 2",
      "reader 0 of 0,2",
      "request 2",
      "event 1 hello",
      "completed 4",
    ]);
    expect(bench.sent).toEqual(["0/2 add-splits true", "0/1 no-more-splits true", "0/0 source-event true"]);
    expect(context.parallelism).toBe(3);
  });

  test("is made from what it saved", () => {
    const bench = new Bench();
    const { coordinators } = start(bench);
    const saved = coordinators.snapshot(7);
    coordinators.restored(ALL, saved);
    expect(bench.log).toEqual(["create anew", "start", "close", "create state 7", "start"]);
  });

  test("of an earlier attempt is not heard, whatever it still does", () => {
    const bench = new Bench();
    const { coordinators, context } = start(bench);
    context.schedule(10, () => bench.log.push("late"));
    context.execute(() => bench.log.push("late"));
    coordinators.restored(ALL, []);
    context.assignSplits(0, [{ splitId: "a" }]);
    // Such as a listing of files that was under way.
    context.fail(new Error("too late"));
    bench.runMails();
    bench.clock.advance(20);
    bench.runMails();
    expect(bench.log).not.toContain("late");
    expect(bench.sent).toEqual([]);
    expect(bench.failures).toEqual([]);
  });

  test("runs what it scheduled in the master's turn", () => {
    const bench = new Bench();
    const { context } = start(bench);
    context.schedule(10, () => bench.log.push("scheduled"));
    const cancel = context.schedule(10, () => bench.log.push("cancelled"));
    cancel();
    bench.clock.advance(10);
    expect(bench.log).not.toContain("scheduled");
    bench.runMails();
    expect(bench.log.slice(2)).toEqual(["scheduled"]);
  });

  test.each<[string, Partial<Enumerator>, (bench: Bench) => void]>([
    ["start", { start: () => fail() }, () => undefined],
    [
      "a request",
      { handleSplitRequest: () => fail() },
      ({ coordinators, operatorId }) => coordinators.handle(operatorId, 0, { type: "request-split" }),
    ],
    ["a completed checkpoint", { checkpointCompleted: () => fail() }, ({ coordinators }) => coordinators.completed(1)],
    ["a callback", {}, ({ context }) => context.execute(() => fail())],
    ["its own words", {}, ({ context }) => context.fail(new Error("no directory"))],
  ])("that fails in %s fails the job, named", (_where, methods, act) => {
    const bench = new Bench();
    bench.methods = methods;
    start(bench);
    act(bench);
    bench.runMails();
    expect(bench.failures).toHaveLength(1);
    expect(bench.failures[0]).toMatchObject({ code: "MR7002", retryable: true });
    expect(bench.failures[0]?.message).toContain('"Source: numbers"');
    expect(bench.failures[0]?.message).toContain("no directory");
  });

  test("whose failure has a code keeps it, and whether a restart can cure it", () => {
    const bench = new Bench();
    start(bench).context.fail(new MillraceError("MR6101", "no such directory", { retryable: false }));
    bench.runMails();
    expect(bench.failures[0]).toMatchObject({
      code: "MR6101",
      message: 'MR6101: operator "Source: numbers": no such directory',
      retryable: false,
      cause: { message: "MR6101: no such directory" },
    });
  });

  test("that cannot save its state throws, so that the checkpoint does not begin", () => {
    const bench = new Bench();
    bench.methods = { snapshot: () => fail() };
    expect(() => start(bench).coordinators.snapshot(1)).toThrow("no directory");
  });

  test("that fails while it saves its state does so after the checkpoint has begun, which is aborted then like any other", () => {
    const bench = new Bench();
    bench.methods = {
      snapshot: () => {
        bench.context.fail(new Error("no directory"));
        return "as far as it knows";
      },
    };
    const { coordinators } = start(bench);
    expect(coordinators.snapshot(1)).toHaveLength(1);
    expect(bench.failures).toEqual([]);
    bench.runMails();
    expect(bench.failures).toHaveLength(1);
  });

  test("that fails to start leaves none behind that starts after it", () => {
    const log: string[] = [];
    const env = StreamExecutionEnvironment.create();
    for (const name of ["first", "second"]) {
      const source: Source<number, SourceSplit, string> = {
        boundedness: "bounded",
        createReader: () => fail(),
        createEnumerator: () => {
          log.push(`create ${name}`);
          if (name === "first") fail();
          return { handleSplitRequest: () => undefined, addSplitsBack: () => undefined, snapshot: () => "" };
        },
      };
      env.fromSource(source, WatermarkStrategy.noWatermarks(), name).uid(name).discard();
    }
    const clock = new ManualClock();
    const coordinators: SourceCoordinators = new SourceCoordinators({
      graph: createJobGraph(env.getStreamGraph(), { name: "job", config: env.config }),
      config: env.config,
      clock,
      metrics: new MetricRegistry({ clock }).open({ job: "job" }),
      execute: () => undefined,
      send: () => undefined,
      warn: () => undefined,
      // As the job master does, which ends the attempt at once.
      fail: () => coordinators.stop(),
    });
    const both = ALL.filter(({ subtask }) => subtask === 0);
    coordinators.restored(both, []);
    expect(log).toEqual(["create first"]);
    coordinators.restored(both, []);
    expect(log).toEqual(["create first", "create first"]);
  });

  test("what it keeps for the job is there after a restart, and what it warns of names it", () => {
    const bench = new Bench();
    const { coordinators } = start(bench);
    const first = bench.context.keepForJob(() => ({ offset: 7 }));
    coordinators.stop();
    coordinators.restored(ALL, []);
    expect(bench.contexts).toHaveLength(2);
    expect(bench.context.keepForJob(() => ({ offset: 9 }))).toBe(first);
    bench.context.warn("a partition is gone");
    expect(bench.log.at(-1)).toContain('": a partition is gone');
  });

  test("is closed once, and a close that fails is of no interest any more", () => {
    const bench = new Bench();
    bench.methods = { close: () => Promise.reject(new Error("busy")) };
    const { coordinators } = start(bench);
    coordinators.stop();
    coordinators.stop();
    expect(coordinators.snapshot(1)).toEqual([]);
    expect(bench.failures).toEqual([]);
  });
});

function fail(): never {
  throw new Error("no directory");
}

function start(bench: Bench): Bench {
  bench.coordinators.restored(ALL, []);
  return bench;
}

describe("watermark alignment", () => {
  const never: Source<number, SourceSplit, string> = {
    boundedness: "bounded",
    createReader: () => {
      throw new Error("nobody reads here");
    },
    createEnumerator: () => ({
      handleSplitRequest: () => undefined,
      addSplitsBack: () => undefined,
      snapshot: () => "state",
    }),
  };

  /** Two sources of one group, with two readers each; what they are told, and by which vertex and subtask. */
  function aligned(): {
    readonly report: (at: Subtask, watermarkMs: number) => readonly string[];
    readonly register: (at: Subtask) => void;
    readonly coordinators: SourceCoordinators;
  } {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": 2 });
    const strategy = WatermarkStrategy.noWatermarks<number>().withWatermarkAlignment("group", "1s");
    for (const name of ["first", "second"]) env.fromSource(never, strategy, name).uid(name).discard();
    const graph = createJobGraph(env.getStreamGraph(), { name: "job", config: env.config });
    const clock = new ManualClock();
    const sent: string[] = [];
    const coordinators = new SourceCoordinators({
      graph,
      config: env.config,
      clock,
      metrics: new MetricRegistry({ clock }).open({ job: "job" }),
      execute: () => undefined,
      send: (vertex, subtask, _, event) =>
        void sent.push(`${vertex}/${subtask} ${event.type === "align-watermarks" ? event.lowestMs : event.type}`),
      warn: () => undefined,
      fail: () => undefined,
    });
    coordinators.restored(PAIRS, []);
    const operatorOf = (vertex: number): string => graph.vertices[vertex]?.operators[0]?.id ?? "";
    const register = ({ vertex, subtask }: Subtask): void =>
      coordinators.handle(operatorOf(vertex), subtask, { type: "register-reader" });
    PAIRS.forEach(register);
    const report = ({ vertex, subtask }: Subtask, watermarkMs: number): readonly string[] => {
      coordinators.handle(operatorOf(vertex), subtask, { type: "report-watermark", watermarkMs });
      return sent.splice(0);
    };
    return { report, register, coordinators };
  }

  const PAIRS: readonly Subtask[] = [0, 1].flatMap((vertex) => [0, 1].map((subtask) => ({ vertex, subtask })));
  const [A = { vertex: 0, subtask: 0 }, B = A, C = A] = PAIRS;

  test("goes over all sources of a group, each told at its own vertex", () => {
    const { report } = aligned();
    expect([report(A, 5), report(B, 7), report(C, 3)]).toEqual([["0/0 5"], ["0/1 5"], ["0/0 3", "0/1 3", "1/0 3"]]);
  });

  test("forgets the readers that are gone, and hears of none before they have registered again", () => {
    const { report, coordinators } = aligned();
    report(A, 5);
    report(C, 3);
    coordinators.lost([C]);
    expect([report(A, 6), report(C, 1), report(A, 6)]).toEqual([["0/0 6"], [], []]);
  });

  test("forgets all of them when all start again", () => {
    const { report, register, coordinators } = aligned();
    for (const one of [A, B, C]) report(one, 3);
    coordinators.stop();
    coordinators.restored(PAIRS, []);
    for (const { vertex, subtask } of PAIRS) expect(report({ vertex, subtask }, 1)).toEqual([]);
    register(A);
    expect(report(A, 5)).toEqual(["0/0 5"]);
  });
});
