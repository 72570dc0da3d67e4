/**
 * Goal:   every number comes exactly once, whatever the parallelism, also where reading stops and goes on from a snapshot.
 * Method: readers and enumerator driven by hand, a few records at a time, against the plain list of numbers.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReaderOutput, SourceOutput, SourceReaderContext, SplitEnumeratorContext } from "millrace";
import { stripes } from "../../../bench/sources/stripes.ts";
import type { Stripe } from "../../../bench/sources/stripes.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

/** Reads until the end, or until so many polls, and returns what is left. */
function read(given: {
  readonly records: number;
  readonly parallelism: number;
  readonly polls: number;
  readonly restored: readonly Stripe[] | undefined;
  readonly into: number[];
}): readonly Stripe[] {
  const { records, parallelism, restored, into } = given;
  const source = stripes(records, (number) => number);
  const output: SourceOutput<number> = {
    collect: (value) => void into.push(value),
    collectRange(from, end, valueOf) {
      for (let index = from; index < end; index += 1) into.push(valueOf(index));
      return end;
    },
    markIdle: () => undefined,
  };
  const readerOutput: ReaderOutput<number> = {
    ...output,
    busy: false,
    forSplit: () => output,
    release: () => undefined,
    sideOutput: () => undefined,
  };
  const assigned = new Map<number, readonly Stripe[]>();
  const master = {
    parallelism,
    assignSplits: (subtask: number, splits: readonly Stripe[]) => void assigned.set(subtask, splits),
    signalNoMoreSplits: () => undefined,
  };
  const enumerator = source.createEnumerator(master as unknown as SplitEnumeratorContext<Stripe>, restored); // all that it uses
  const left: Stripe[] = [];
  for (let subtask = 0; subtask < parallelism; subtask += 1) {
    enumerator.handleSplitRequest(subtask);
    const context = { requestSplit: () => undefined, wake: () => undefined };
    const reader = source.createReader(context as unknown as SourceReaderContext); // all that it uses
    reader.addSplits(assigned.get(subtask) ?? []);
    reader.noMoreSplits();
    for (let poll = 0; poll < given.polls; poll += 1) if (reader.pollNext(readerOutput, 7) === "end-of-input") break;
    left.push(...reader.snapshot(1));
  }
  return [...left, ...enumerator.snapshot(1)];
}

test("each number once, also across a stop", () => {
  const sizes = fc.record({ records: fc.nat(200), parallelism: fc.integer({ min: 1, max: 4 }), polls: fc.nat(10) });
  fc.assert(
    fc.property(sizes, ({ records, parallelism, polls }) => {
      const into: number[] = [];
      const restored = read({ records, parallelism, polls, restored: undefined, into });
      read({ records, parallelism, polls: 1_000, restored, into });
      const expected = Array.from({ length: records }, (_, number) => number);
      expect(into.toSorted((left, right) => left - right)).toEqual(expected);
    }),
    { numRuns: 200, ...replay },
  );
});
