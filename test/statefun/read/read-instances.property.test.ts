/**
 * Goal:   what is read from a checkpoint is the state of all instances as it was then: no mixture with what came later, nothing that has expired, nothing twice.
 * Method: instances write values, tables and buffers, with and without time to live, at a parallelism that changes. Checkpoints are incremental files on a disk. All of them are read
 *         at the end of the run, when the state has moved on, and compared with a plain model that was copied at each checkpoint. Broken models must be noticed.
 * Replay: MILLRACE_SEED.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { encodeMetadata } from "../../../core/checkpoint/metadata.ts";
import type { KeyedStateHandle } from "../../../core/state/keyed-state.ts";
import { buffer, fn, readInstances, table, ttl, type, value } from "../../../statefun/index.ts";
import { groupUid, USUAL_GROUP } from "../../../statefun/group/saved-names.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "../group/loop-harness.ts";
import { inDirectory } from "./held-job.ts";

const LIFE_MS = 50;
const BEGAN_MS = 1_000;

const instance = fn("test/instance", {
  accepts: {
    set: type<number>(),
    put: type<readonly [string, number]>(),
    drop: type<string>(),
    push: type<number>(),
    clear: type<null>(),
  },
  state: {
    plain: value<number>(),
    brief: value<number>({ expire: ttl.afterWrite(LIFE_MS) }),
    entries: table<string, number>(),
    briefEntries: table<string, number>({ expire: ttl.afterWrite(LIFE_MS, { time: "event" }) }),
    log: buffer<number>(),
    briefLog: buffer<number>({ expire: ttl.afterWrite(LIFE_MS) }),
  },
  handle: {
    set({ state }, n) {
      state.plain = n;
      state.brief = n;
    },
    put({ state }, [key, n]) {
      state.entries.set(key, n);
      state.briefEntries.set(key, n);
    },
    drop({ state }, key) {
      state.entries.delete(key);
      state.briefEntries.delete(key);
    },
    push({ state }, n) {
      state.log.push(n);
      state.briefLog.push(n);
    },
    clear({ state }) {
      state.plain = undefined;
      state.entries.clear();
      state.log.clear();
    },
  },
});

/** Something with the time of its last write, by the clock that counts. */
interface Stamped {
  readonly n: number;
  readonly atMs: number;
}

interface Modelled {
  plain: number | undefined;
  brief: Stamped | undefined;
  readonly entries: Map<string, number>;
  readonly briefEntries: Map<string, Stamped>;
  readonly log: number[];
  readonly briefLog: Stamped[];
}

type Command =
  | { readonly kind: "set" | "push"; readonly id: string; readonly value: number }
  | { readonly kind: "put"; readonly id: string; readonly value: readonly [string, number] }
  | { readonly kind: "drop"; readonly id: string; readonly value: string }
  | { readonly kind: "clear"; readonly id: string; readonly value: null }
  | { readonly kind: "clock" | "watermark"; readonly ms: number }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "rescale"; readonly parallelism: number };

class Model {
  readonly #instances = new Map<string, Modelled>();
  clockMs: number;
  watermarkMs = BEGAN_MS;

  constructor(clockMs: number) {
    this.clockMs = clockMs;
  }

  goOn(time: "clock" | "watermark", ms: number): void {
    if (time === "clock") this.clockMs += ms;
    else this.watermarkMs += ms;
  }

  handle(command: Extract<Command, { readonly id: string }>): void {
    const { id } = command;
    const one = this.#instances.get(id) ?? emptyInstance();
    this.#instances.set(id, one);
    switch (command.kind) {
      case "set":
        one.plain = command.value;
        one.brief = { n: command.value, atMs: this.clockMs };
        return;
      case "put":
        one.entries.set(...command.value);
        one.briefEntries.set(command.value[0], { n: command.value[1], atMs: this.watermarkMs });
        return;
      case "drop":
        one.entries.delete(command.value);
        one.briefEntries.delete(command.value);
        return;
      case "push":
        one.log.push(command.value);
        one.briefLog.push({ n: command.value, atMs: this.clockMs });
        return;
      case "clear":
        one.plain = undefined;
        one.entries.clear();
        one.log.length = 0;
    }
  }

  /** What there is to read now. */
  seen(): Record<string, unknown> {
    const isAlive = (nowMs: number) => (stamped: Stamped | undefined) =>
      stamped !== undefined && nowMs < stamped.atMs + LIFE_MS;
    const byClock = isAlive(this.clockMs);
    const byWatermark = isAlive(this.watermarkMs);
    const all = [...this.#instances].map(([id, { plain, brief, entries, briefEntries, log, briefLog }]) => {
      const state = {
        plain,
        brief: byClock(brief) ? brief?.n : undefined,
        entries: new Map(entries),
        briefEntries: new Map([...briefEntries].filter(([, one]) => byWatermark(one)).map(([key, { n }]) => [key, n])),
        log: [...log],
        briefLog: briefLog.filter(byClock).map(({ n }) => n),
      };
      return [id, state] as const;
    });
    return Object.fromEntries(all.filter(([, state]) => Object.values(state).some(hasAnything)));
  }
}

function emptyInstance(): Modelled {
  return { plain: undefined, brief: undefined, entries: new Map(), briefEntries: new Map(), log: [], briefLog: [] };
}

function hasAnything(part: unknown): boolean {
  return part instanceof Map ? part.size > 0 : Array.isArray(part) ? part.length > 0 : part !== undefined;
}

/** Functions that run, and whose checkpoints lie in a directory. */
class Bench {
  harness: LoopHarness;
  readonly #directory: string;
  #checkpoints = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.harness = this.#start(2);
  }

  get clockMs(): number {
    return this.harness.clock.nowMs();
  }

  rescale(parallelism: number, watermarkMs: number): void {
    const { clock } = this.harness;
    this.harness = this.#start(parallelism, { restored: this.harness.snapshot(10_000 + this.#checkpoints), clock });
    this.harness.watermark(watermarkMs);
  }

  /** As tasks and the master do it. Returns its directory. */
  checkpoint(watermarkMs: number): string {
    const checkpointId = (this.#checkpoints += 1);
    const directory = join(this.#directory, `chk-${checkpointId}`);
    mkdirSync(directory);
    const subtasks = this.harness.subtasks.map((_, subtask) => ({
      operators: [{ operatorId: "f", lists: [], watermarkMs, keyed: this.#save(subtask, checkpointId, watermarkMs) }],
      channels: [],
      ended: false,
    }));
    const operators = [{ id: "f", name: "functions", uid: groupUid(USUAL_GROUP), stateful: true }];
    const checkpoint: CompletedCheckpoint = {
      checkpointId,
      kind: "checkpoint",
      jobName: "test",
      triggeredAtMs: this.clockMs,
      completedAtMs: this.clockMs,
      bytes: 0,
      drained: false,
      vertices: [{ operators, parallelism: subtasks.length, maxParallelism: 16, inputs: [], subtasks }],
      coordinators: [],
      directory: `checkpoints/chk-${checkpointId}`,
    };
    writeFileSync(join(directory, "_metadata"), encodeMetadata(checkpoint));
    return directory;
  }

  #save(subtask: number, checkpointId: number, watermarkMs: number): KeyedStateHandle {
    const keyed = this.harness.subtasks[subtask]?.keyed;
    if (keyed === undefined) throw new Error("functions have keyed state");
    const snapshot = keyed.beginSnapshot(checkpointId, { full: false, watermarkMs });
    while (!snapshot.advance(50)) continue;
    const bytes = Buffer.concat(snapshot.chunks());
    const path = `chk-${checkpointId}/${subtask}-${this.#checkpoints}`;
    if (bytes.length > 0) writeFileSync(join(this.#directory, path), bytes);
    const file = { path: `checkpoints/${path}`, bytes: bytes.length, checksum: snapshot.checksum() };
    const handle = snapshot.stored(bytes.length === 0 ? undefined : file);
    keyed.checkpointCompleted(checkpointId);
    return handle;
  }

  #start(parallelism: number, more: Partial<ConstructorParameters<typeof LoopHarness>[0]> = {}): LoopHarness {
    return new LoopHarness({ functions: [instance.definition], parallelism, ...more });
  }
}

const ids = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const names = fc.constantFrom("x", "y", "z");
const small = fc.nat(99);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("set", "push"), id: ids, value: small }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), id: ids, value: fc.tuple(names, small) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), id: ids, value: names }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), id: ids, value: fc.constant(null) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("clock", "watermark"),
      ms: fc.constantFrom(1, 24, 26, LIFE_MS - 1, LIFE_MS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("checkpoint" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("rescale" as const), parallelism: fc.integer({ min: 1, max: 4 }) }),
  },
);

/** What was read of each checkpoint, and what was to be read. */
async function readAll(
  commands: readonly Command[],
  directory: string,
  look: (model: Model) => unknown = (model) => model.seen(),
): Promise<readonly (readonly [actual: unknown, expected: unknown])[]> {
  const bench = new Bench(directory);
  const model = new Model(bench.clockMs);
  bench.harness.watermark(model.watermarkMs);
  const taken: (readonly [path: string, expected: unknown])[] = [];
  for (const one of [...commands, { kind: "checkpoint" } as const]) {
    if ("ms" in one) {
      model.goOn(one.kind, one.ms);
      if (one.kind === "clock") bench.harness.advance(one.ms);
      else bench.harness.watermark(model.watermarkMs);
    } else if (one.kind === "rescale") {
      bench.rescale(one.parallelism, model.watermarkMs);
    } else if (one.kind === "checkpoint") {
      taken.push([bench.checkpoint(model.watermarkMs), look(model)]);
    } else {
      bench.harness.send(instance.type, one.id, one.kind, one.value);
      model.handle(one);
    }
  }
  return Promise.all(taken.map(async ([path, expected]) => [await read(path), expected] as const));
}

async function read(path: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for await (const { id, state } of readInstances(instance, path)) {
    if (id in found) throw new Error(`${id} came twice`);
    found[id] = state;
  }
  return found;
}

describe("reading checkpoint n", () => {
  test("is the state of all instances at checkpoint n", () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), (commands) =>
        inDirectory(async (directory) => {
          for (const [actual, expected] of await readAll(commands, directory)) expect(actual).toEqual(expected);
        }),
      ),
      { numRuns: 100, ...replay },
    ));

  test("is not that of a moment later, and not without expiry", () =>
    inDirectory(async (directory) => {
      const commands: Command[] = [
        { kind: "set", id: "a", value: 1 },
        { kind: "clock", ms: LIFE_MS },
      ];
      const broken = (model: Model): unknown => {
        model.clockMs -= 1;
        const seen = model.seen();
        model.clockMs += 1;
        return seen;
      };
      const [[actual, expected] = []] = await readAll(commands, directory, broken);
      expect(actual).toEqual({ a: expect.objectContaining({ plain: 1, brief: undefined }) });
      expect(expected).toEqual({ a: expect.objectContaining({ plain: 1, brief: 1 }) });
    }));
});
