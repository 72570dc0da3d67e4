/** The contract of keyed state backends, last part: what has expired by event time stays so, wherever its key group goes, and whatever time it is there. */
import { expect, test } from "vitest";
import { value } from "../../core/state/descriptors.ts";
import type { ValueState } from "../../core/state/handles.ts";
import { keyGroupRange } from "../../core/state/key-groups.ts";
import type { KeyedStateBackend, KeyedStateHandle } from "../../core/state/keyed-state.ts";
import { keyGroupOf } from "../../core/types/key-hash.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { Files } from "./keyed-state-case.ts";
import type { KeyedStateCase } from "./keyed-state-case.ts";

const GROUPS = 16;
const TTL_MS = 10;
/** One of the first half of the groups, one of the second. */
const [LEFT, RIGHT] = [true, false].map((isLeft) =>
  Array.from({ length: 100 }, (_, n) => `key ${n}`).find((key) => keyGroupOf(key, GROUPS) < GROUPS / 2 === isLeft),
) as [string, string];

interface Part {
  readonly backend: KeyedStateBackend;
  /** Of that key. */
  mark(key: string): ValueState<string>;
}

export function checkKeyedExpiry({ name, create }: KeyedStateCase): void {
  const files = new Files();
  let checkpoint = 0;

  const start = (parallelism: number, index: number, handles: readonly KeyedStateHandle[]): Part => {
    const keyGroups = keyGroupRange(GROUPS, parallelism, index);
    const backend = create({ keyGroups, maxParallelism: GROUPS, clock: new ManualClock() });
    const isOurs = ({ first, last }: KeyedStateHandle["keyGroups"]): boolean =>
      first <= keyGroups.last && last >= keyGroups.first;
    const ours = handles.filter((handle) => isOurs(handle.keyGroups)).map((handle) => files.load(handle));
    backend.restore(ours, { owned: true });
    const state = backend.value("mark", value<string>({ ttl: { after: TTL_MS, time: "event" } }));
    const mark = (key: string): ValueState<string> => {
      backend.setCurrentKey(key);
      return state;
    };
    return { backend, mark };
  };

  /** As the next one after one that completed: what has expired since is in the files before. */
  const saved = ({ backend }: Part, watermarkMs: number): KeyedStateHandle => {
    checkpoint += 1;
    const handle = files.store(backend.beginSnapshot(checkpoint, { full: false, watermarkMs }));
    backend.checkpointCompleted(checkpoint);
    return handle;
  };

  /** Two halves in which the keys were written at 0; then the left one went to 20, and ended if it is to. */
  const halves = (ends: boolean): readonly KeyedStateHandle[] =>
    [LEFT, RIGHT].map((key, index) => {
      const half = start(2, index, []);
      half.backend.advanceWatermark(0);
      half.mark(key).update("here");
      saved(half, 0);
      if (index === 1) return saved(half, 0);
      half.backend.advanceWatermark(20);
      if (ends) half.backend.advanceWatermark(Infinity);
      return saved(half, ends ? Infinity : 20);
    });

  test.each([
    [`${name}: what has expired on one subtask does not come back on another that is behind`, false],
    [`${name}: what had expired before its input ended does not come back after a restore`, true],
  ])("%s", (_name, ends) => {
    const one = start(1, 0, halves(ends));
    const again = start(1, 0, [saved(one, ends ? Infinity : 0)]);
    const right = start(2, 1, [saved(again, ends ? Infinity : 0)]);
    const left = start(2, 0, [saved(again, ends ? Infinity : 0)]);
    for (const part of [one, again, left]) expect(part.mark(LEFT).value()).toBeUndefined();
    for (const part of [one, again, right]) expect(part.mark(RIGHT).value()).toBe("here");
    right.backend.advanceWatermark(TTL_MS);
    expect(right.mark(RIGHT).value()).toBeUndefined();
  });

  test(`${name}: what has expired elsewhere is in no full snapshot, from which time may begin anew`, () => {
    const one = start(1, 0, halves(false));
    const savepoint = files.store(one.backend.beginSnapshot(100, { full: true, watermarkMs: 0 }));
    const anew = start(1, 0, [{ ...savepoint, watermarkMs: -Infinity, floors: [] }]);
    expect([anew.mark(LEFT).value(), anew.mark(RIGHT).value()]).toEqual([undefined, "here"]);
  });

  test(`${name}: what is written where time is behind lives as long as elsewhere`, () => {
    const one = start(1, 0, halves(false));
    one.mark(LEFT).update("new");
    one.backend.advanceWatermark(20 + TTL_MS - 1);
    expect(one.mark(LEFT).value()).toBe("new");
    one.backend.advanceWatermark(20 + TTL_MS);
    expect(one.mark(LEFT).value()).toBeUndefined();
  });
}
