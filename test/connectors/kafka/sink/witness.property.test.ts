/**
 * The trace that transactions leave, against a plain set of what was committed.
 *
 * Goal:   it never says "yes" of a transaction that was not committed, nor "no" of one that was; "unknown" only of what 4 KB cannot hold.
 * Method: random histories: epochs that go on, gaps by aborted ones, new producer ids; the metadata goes through its text each time, under one partition or several.
 * Replay: `MILLRACE_SEED=<seed>`.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Witness } from "../../../../connectors/kafka/sink/witness.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = seed === undefined ? {} : { seed: Number(seed) };

interface Step {
  readonly isCommitted: boolean;
  readonly isNewId: boolean;
  readonly partition: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  isCommitted: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  isNewId: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  partition: fc.constantFrom(0, 0, 0, 1),
});

interface Run {
  readonly witness: Witness;
  readonly committed: readonly string[];
  readonly aborted: readonly string[];
}

function run(steps: readonly Step[]): Run {
  const offsets = new Map<number, { topic: string; partition: number; offset: number; metadata: string }>();
  const [committed, aborted]: [string[], string[]] = [[], []];
  let [producerId, epoch] = [4_000, 0];
  for (const { isCommitted, isNewId, partition } of steps) {
    if (isNewId) [producerId, epoch] = [producerId + 1, 0];
    const witness = Witness.of([...offsets.values()]).with({ producerId, epoch });
    (isCommitted ? committed : aborted).push(`${producerId} ${epoch}`);
    if (isCommitted)
      offsets.set(partition, { topic: "t", partition, offset: witness.sequence, metadata: witness.metadata });
    expect(witness.metadata.length).toBeLessThan(4_096);
    epoch++;
  }
  return { witness: Witness.of([...offsets.values()]), committed, aborted };
}

function said(witness: Witness, text: string): string {
  const [producerId = 0, epoch = 0] = text.split(" ").map(Number);
  return witness.committed({ producerId, epoch });
}

describe("a witness", () => {
  it("tells committed from aborted", () =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { witness, committed, aborted } = run(steps);
        for (const one of committed) expect(said(witness, one)).toBe("yes");
        for (const one of aborted) expect(said(witness, one)).toBe("no");
        expect(witness.sequence).toBe(committed.length);
      }),
      parameters,
    ));

  it("forgets the oldest beyond 4 KB, and says so", () => {
    // Every second one aborted: a range each.
    const steps = Array.from({ length: 2_000 }, (_, at) => ({
      isCommitted: at % 2 === 0,
      isNewId: false,
      partition: 0,
    }));
    const { witness, committed, aborted } = run(steps);
    expect(said(witness, committed[0] ?? "")).toBe("unknown");
    expect(said(witness, aborted[0] ?? "")).toBe("unknown");
    expect(said(witness, committed.at(-1) ?? "")).toBe("yes");
    expect(said(witness, aborted.at(-2) ?? "")).toBe("no");
    expect(committed.filter((one) => said(witness, one) === "no")).toEqual([]);
    expect(aborted.filter((one) => said(witness, one) === "yes")).toEqual([]);
  });

  it("is short where nothing is aborted", () => {
    const { witness } = run(Array.from({ length: 3_000 }, () => ({ isCommitted: true, isNewId: false, partition: 0 })));
    expect(witness.metadata).toBe("millrace 1 4000:0-2999");
  });

  it("takes metadata of others for none", () => {
    const witness = Witness.of([{ topic: "t", partition: 0, offset: 7, metadata: "something else" }]);
    expect(witness.committed({ producerId: 1, epoch: 1 })).toBe("no");
    expect(witness.sequence).toBe(7);
  });
});
