/** Which ids a new attempt takes over: not those that are to be committed, not those of later attempts, and nothing twice. */
import { describe, expect, it, test } from "vitest";
import { earlierIds, uncommittedIds } from "../../../../connectors/kafka/sink/earlier-ids.ts";
import type { EarlierIdsOptions } from "../../../../connectors/kafka/sink/earlier-ids.ts";
import { idOwner, idText, parseId } from "../../../../connectors/kafka/sink/sink-state.ts";
import type { IdOwner, KafkaSinkState } from "../../../../connectors/kafka/sink/sink-state.ts";

const OWNER: IdOwner = { prefix: "p", subtask: 0, job: "now", masterToken: 2, attempt: 3 };

function state(at: Partial<KafkaSinkState>): KafkaSinkState {
  return { ...OWNER, attempt: 2, ids: 1, uncommitted: [], ...at };
}

function listed(...names: readonly string[]): EarlierIdsOptions["listed"] {
  return names.map((name) => ({ transactionalId: `p-${name.replace("!", "")}`, isOpen: name.endsWith("!") }));
}

function taken(options: Partial<EarlierIdsOptions>): readonly string[] {
  const ids = earlierIds({ owner: OWNER, parallelism: 2, restored: [], listed: [], ...options });
  return ids.map((id) => idText(id).slice("p-".length)).toSorted();
}

test("a name is read as it was written, also of a prefix and a job that look like parts of it", () => {
  for (const prefix of ["p", "p-0", "p-0-a.1.1-0"]) {
    for (const job of ["a", "a.1.1-0", "0-0"]) {
      const id = { prefix, subtask: 12, job, masterToken: 3, attempt: 45, number: 6 };
      expect(parseId(prefix, idText(id))).toEqual(id);
    }
  }
  expect(parseId("p", "p-0-owner")).toBeUndefined();
  expect(parseId("p", "p-0-1")).toBeUndefined();
  expect(parseId("p", "other-0-job.1.0-0")).toBeUndefined();
});

test("an attempt is named after its job, in few characters", () => {
  const ctx = { subtaskIndex: 1, jobId: "0123456789abcdef", masterToken: 4, attempt: 5 };
  const owner = idOwner("p", ctx as Parameters<typeof idOwner>[1]); // what it reads of it
  expect(idText({ ...owner, number: 0 })).toBe("p-1-01234567.4.5-0");
});

describe("what brokers list", () => {
  it("is taken over if an earlier attempt or another job has it", () => {
    const all = listed("0-now.1.9-0", "0-now.2.2-1", "0-other.7.7-0!", "0-now.2.3-0", "0-now.2.4-0!", "0-now.3.0-0");
    expect(taken({ listed: all })).toEqual(["0-now.1.9-0", "0-now.2.2-1", "0-other.7.7-0"]);
  });

  it("of subtasks that are no more is shared out", () => {
    const all = listed("1-now.1.0-0", "2-now.1.0-0", "3-now.1.0-0", "4-now.1.0-0");
    expect(taken({ listed: all })).toEqual(["2-now.1.0-0", "4-now.1.0-0"]);
    expect(taken({ listed: all, owner: { ...OWNER, subtask: 1 } })).toEqual(["1-now.1.0-0", "3-now.1.0-0"]);
  });

  it("is left alone while it is to be committed", () => {
    const restored = [state({ subtask: 1, uncommitted: ["p-0-now.2.2-0"] })];
    expect(taken({ listed: listed("0-now.2.2-0!", "0-now.2.2-1!"), restored })).toEqual(["0-now.2.2-1"]);
  });

  it("was taken over before by the attempt that the checkpoint is of: only what is open is again", () => {
    const all = listed("0-now.2.0-0", "0-now.2.1-0!", "0-now.2.2-0", "0-now.1.7-0", "2-now.1.7-0!", "0-old.1.0-0");
    expect(taken({ listed: all, restored: [state({})] })).toEqual([
      "0-now.2.1-0",
      "0-now.2.2-0",
      "0-old.1.0-0",
      "2-now.1.7-0",
    ]);
  });

  it("in a hundred restarts, with a checkpoint in each, stays what the last attempt had", () => {
    const all = Array.from({ length: 300 }, (_, index) => `0-now.2.${Math.floor(index / 3)}-${index % 3}`);
    const restored = [state({ attempt: 99, ids: 3 })];
    expect(taken({ listed: listed(...all), owner: { ...OWNER, attempt: 100 }, restored })).toHaveLength(3);
  });
});

describe("what brokers cannot list", () => {
  it("is known from the state, and guessed for the attempts before", () => {
    const restored = [state({ ids: 5 }), state({ subtask: 2, ids: 1, prefix: "before" })];
    const ids = taken({ listed: undefined, restored });
    expect(ids.filter((id) => id.startsWith("0-now.2.2-"))).toHaveLength(5);
    expect(ids).toContain("0-now.2.0-2");
    expect(ids).toHaveLength(5 + 1 + 2 * 3);
  });

  it("is nothing for the first attempt", () => {
    expect(taken({ listed: undefined, owner: { ...OWNER, attempt: 0 } })).toEqual([]);
  });
});

test("what is to be committed is taken over later, by whoever has the subtask now", () => {
  const restored = [state({ subtask: 2, ids: 2, uncommitted: ["p-2-now.2.2-1"] }), state({ subtask: 1, ids: 4 })];
  const options = { parallelism: 2, restored };
  expect(uncommittedIds({ ...options, owner: OWNER }).map(idText)).toEqual(["p-2-now.2.2-1"]);
  expect(uncommittedIds({ ...options, owner: { ...OWNER, subtask: 1 } })).toEqual([]);
});
