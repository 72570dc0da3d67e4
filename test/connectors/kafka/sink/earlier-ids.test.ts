/** Which ids a new attempt takes over: not those that are to be committed, not those of later attempts, and nothing twice. */
import { describe, expect, it, test } from "vitest";
import {
  earlierIds,
  earlierOwners,
  laterId,
  otherJobs,
  uncommittedIds,
} from "../../../../connectors/kafka/sink/earlier-ids.ts";
import type { Predecessors } from "../../../../connectors/kafka/sink/earlier-ids.ts";
import { idOwner, idText, ownerId, parseId, parseOwnerId } from "../../../../connectors/kafka/sink/sink-state.ts";
import type { IdOwner, KafkaSinkState } from "../../../../connectors/kafka/sink/sink-state.ts";

const OWNER: IdOwner = { prefix: "p", subtask: 0, job: "now_____", masterToken: 2, attempt: 3 };

function state(at: Partial<KafkaSinkState>): KafkaSinkState {
  return { ...OWNER, attempt: 2, ids: 1, uncommitted: [], past: [], ...at };
}

function listed(...names: readonly string[]): Predecessors["listed"] {
  return names.map((name) => ({ transactionalId: `p-${name.replace("!", "")}`, isOpen: name.endsWith("!") }));
}

function taken(options: Partial<Predecessors>): readonly string[] {
  const ids = earlierIds({ owner: OWNER, parallelism: 2, restored: [], listed: [], ...options });
  return ids.map((id) => idText(id).slice("p-".length)).toSorted();
}

test("a name is read as it was written, also of a prefix and a job that look like parts of it", () => {
  for (const prefix of ["p", "p-0", "p-0-a.1.1-0"]) {
    for (const job of ["a.1.1-0_", "0-0-0-0-", "01234567"]) {
      const id = { prefix, subtask: 12, job, masterToken: 3, attempt: 45, number: 6 };
      expect(parseId(prefix, idText(id))).toEqual(id);
      expect(parseOwnerId(prefix, ownerId(id))).toEqual({ prefix, subtask: 12, job });
    }
  }
  expect(parseId("p", "p-0-now_____-owner")).toBeUndefined();
  expect(parseOwnerId("p", "p-0-now_____.1.0-0")).toBeUndefined();
  expect(parseId("p", "p-0-1")).toBeUndefined();
  expect(parseId("p", "other-0-01234567.1.0-0")).toBeUndefined();
});

test("no name with a longer prefix looks like one with a shorter", () => {
  for (const prefix of ["p-1", "p-1-a", "p-", "p-1-2"]) {
    const id = { prefix, subtask: 0, job: "01234567", masterToken: 1, attempt: 0, number: 0 };
    expect(parseId("p", idText(id))).toBeUndefined();
    expect(parseOwnerId("p", ownerId(id))).toBeUndefined();
  }
});

test("an attempt is named after its job, in few characters", () => {
  const ctx = { subtaskIndex: 1, jobId: "0123456789abcdef", masterToken: 4, attempt: 5 };
  const owner = idOwner("p", ctx as Parameters<typeof idOwner>[1]); // what it reads of it
  expect(idText({ ...owner, number: 0 })).toBe("p-1-01234567.4.5-0");
});

describe("what brokers list", () => {
  it("is taken over if an earlier attempt or another job has it", () => {
    const all = listed("0-now_____.1.9-0", "0-now_____.2.2-1", "0-other___.7.7-0!", "0-now_____.2.3-0");
    expect(taken({ listed: all })).toEqual(["0-now_____.1.9-0", "0-now_____.2.2-1", "0-other___.7.7-0"]);
  });

  it("of subtasks that are no more is shared out", () => {
    const all = listed("1-now_____.1.0-0", "2-now_____.1.0-0", "3-now_____.1.0-0", "4-now_____.1.0-0");
    expect(taken({ listed: all })).toEqual(["2-now_____.1.0-0", "4-now_____.1.0-0"]);
    expect(taken({ listed: all, owner: { ...OWNER, subtask: 1 } })).toEqual(["1-now_____.1.0-0", "3-now_____.1.0-0"]);
  });

  it("is left alone while it is to be committed", () => {
    const restored = [state({ subtask: 1, uncommitted: ["p-0-now_____.2.2-0"] })];
    expect(taken({ listed: listed("0-now_____.2.2-0!", "0-now_____.2.2-1!"), restored })).toEqual(["0-now_____.2.2-1"]);
  });

  it("was taken over before by the attempt that the checkpoint is of: only what is open is again", () => {
    const all = listed(
      "0-now_____.2.0-0",
      "0-now_____.2.1-0!",
      "0-now_____.2.2-0",
      "0-now_____.1.7-0",
      "2-now_____.1.7-0!",
      "0-old_____.1.0-0",
    );
    expect(taken({ listed: all, restored: [state({ past: ["old_____ p"] })] })).toEqual([
      "0-now_____.2.1-0",
      "0-now_____.2.2-0",
      "2-now_____.1.7-0",
    ]);
  });

  it("of another job was taken over before if every subtask of the checkpoint has done so", () => {
    const all = listed("0-old_____.1.0-0", "0-old_____.1.1-0!", "0-older___.1.0-0");
    const past = ["old_____ p"];
    expect(taken({ listed: all, restored: [state({ ids: 0, past })] })).toEqual([
      "0-old_____.1.1-0",
      "0-older___.1.0-0",
    ]);
    const one = [state({ ids: 0, past }), state({ ids: 0, subtask: 1 })];
    expect(taken({ listed: all, restored: one })).toHaveLength(3);
  });

  it("of another sink of this job, whose prefix this one once had, is left alone", () => {
    const renamed = state({ prefix: "before", job: "old_____", ids: 0 });
    const all = [{ transactionalId: "before-0-now_____.2.3-0", isOpen: true }];
    expect(taken({ listed: all, restored: [renamed] })).toEqual([]);
  });

  it("is of another prefix, too, if the sink had one", () => {
    const renamed = state({ prefix: "before", job: "old_____", attempt: 0 });
    const all = [{ transactionalId: "before-0-old_____.2.1-0", isOpen: true }];
    const ids = earlierIds({ owner: OWNER, parallelism: 2, restored: [renamed], listed: all });
    expect(ids.map(idText)).toEqual(["before-0-old_____.2.0-0", "before-0-old_____.2.1-0"]);
  });

  it("in a hundred restarts, with a checkpoint in each, stays what the last attempt had", () => {
    const all = Array.from({ length: 300 }, (_, index) => `0-now_____.2.${Math.floor(index / 3)}-${index % 3}`);
    const restored = [state({ attempt: 99, ids: 3 })];
    expect(taken({ listed: listed(...all), owner: { ...OWNER, attempt: 100 }, restored })).toHaveLength(3);
  });
});

describe("what brokers cannot list", () => {
  it("is known from the state, and guessed for the attempts before", () => {
    const ids = taken({ listed: undefined, restored: [state({ ids: 5 })] });
    expect(ids.filter((id) => id.startsWith("0-now_____.2.2-"))).toHaveLength(5);
    expect(ids).toContain("0-now_____.2.0-2");
    expect(ids).toHaveLength(5 + 2 * 3);
  });

  it("is guessed for the attempts behind those of another master or job", () => {
    const before = state({ masterToken: 1, attempt: 4, ids: 1 });
    const ids = taken({ listed: undefined, restored: [before, state({ job: "old_____", subtask: 2, attempt: 0 })] });
    for (const id of ["0-now_____.1.5-0", "0-now_____.1.6-2", "2-old_____.2.1-0"]) expect(ids).toContain(id);
  });

  it("is nothing for the first attempt", () => {
    expect(taken({ listed: undefined, owner: { ...OWNER, attempt: 0 } })).toEqual([]);
  });
});

describe("owners that nobody asks for by themselves", () => {
  function owners(options: Partial<Predecessors>): readonly string[] {
    return earlierOwners({ owner: OWNER, parallelism: 2, restored: [], listed: [], ...options }).toSorted();
  }

  it("are those of other jobs, for every subtask, until a checkpoint says that they are over", () => {
    const all = listed(
      "0-old_____-owner",
      "1-old_____-owner",
      "0-now_____-owner",
      "1-now_____-owner",
      "0-old_____.1.0-0",
    );
    const old = ["p-0-old_____-owner", "p-1-old_____-owner"];
    expect(owners({ listed: all })).toEqual(old);
    expect(owners({ listed: all, owner: { ...OWNER, subtask: 1 } })).toEqual(old);
    expect(owners({ listed: all, restored: [state({})] })).toEqual(old);
    expect(owners({ listed: all, restored: [state({ past: ["old_____ p"] })] })).toEqual([]);
  });

  it("are known by their ids, if the brokers have forgotten them", () => {
    expect(owners({ listed: listed("3-old_____.1.0-0") })).toEqual(["p-3-old_____-owner"]);
  });

  it("are none of other sinks of this job, whose prefix this one once had", () => {
    const all = [{ transactionalId: "before-0-now_____-owner", isOpen: false }];
    const renamed = state({ prefix: "before", job: "old_____" });
    expect(owners({ listed: all, restored: [renamed] })).toEqual(["before-0-old_____-owner"]);
  });

  it("of other jobs are what a checkpoint saves as the past", () => {
    const all = listed("0-old_____-owner", "1-old_____.1.0-0", "0-now_____-owner", "0-older___.1.0-0");
    expect(otherJobs({ owner: OWNER, parallelism: 2, restored: [], listed: all })).toEqual([
      "old_____ p",
      "older___ p",
    ]);
    expect(otherJobs({ owner: OWNER, parallelism: 2, restored: [], listed: undefined })).toEqual([]);
  });

  it("are those of subtasks that are no more, shared out", () => {
    expect(owners({ listed: listed("1-now_____-owner", "2-now_____-owner", "3-now_____-owner") })).toEqual([
      "p-2-now_____-owner",
    ]);
  });

  it("are known from the state where brokers cannot list", () => {
    const restored = [state({ job: "old_____", subtask: 3 }), state({ job: "old_____", subtask: 3, prefix: "before" })];
    expect(owners({ restored, listed: undefined })).toEqual(["before-3-old_____-owner", "p-3-old_____-owner"]);
  });
});

test("a later attempt of the job is known by its ids, those of other subtasks under the same master are not later", () => {
  const later = (...names: readonly string[]): unknown =>
    laterId({ owner: OWNER, parallelism: 2, restored: [], listed: listed(...names) });
  expect(
    later("0-now_____.2.2-0", "0-now_____.2.3-0", "1-now_____.2.9-0", "0-old_____.9.9-0", "0-now_____-owner"),
  ).toBeUndefined();
  expect(later("0-now_____.2.4-0")).toBe("p-0-now_____.2.4-0");
  expect(later("7-now_____.3.0-0")).toBe("p-7-now_____.3.0-0");
});

test("what is to be committed is taken over later, by whoever has the subtask now", () => {
  const restored = [state({ subtask: 2, ids: 2, uncommitted: ["p-2-now_____.2.2-1"] }), state({ subtask: 1, ids: 4 })];
  const options = { parallelism: 2, restored };
  expect(uncommittedIds({ ...options, owner: OWNER }).map(idText)).toEqual(["p-2-now_____.2.2-1"]);
  expect(uncommittedIds({ ...options, owner: { ...OWNER, subtask: 1 } })).toEqual([]);
});
