/**
 * Windows by count over keys that several splits share, so that it depends on chance who is in which.
 *
 * Laws: put together, the windows of a key are a sequence of its records without repeats, in the order of each split; they are as long as they should be,
 * and there are as many as there should be.
 */
import type { Collector } from "../../../../core/index.ts";
import { firstOf, lanesOf, repeated } from "./law.ts";
import type { ConservingKind } from "./law.ts";
import { splitOf } from "./numbered.ts";

export interface CountWindows {
  readonly kind: "count-windows";
  readonly size: number;
  /** Not above the size. */
  readonly slide: number;
}

const FIRED = "fired/";

export const COUNT_WINDOWS: ConservingKind<CountWindows> = {
  code: ({ size, slide }) => `numbered.keyBy(key).countWindow(${size}, ${slide}).process(all ids)`,
  build(records, { size, slide }, write) {
    const fired = records
      .keyBy(({ key }) => key)
      .countWindow(size, slide)
      .process({
        process({ key }, elements, out: Collector<{ readonly key: string; readonly ids: readonly number[] }>) {
          out.collect({ key, ids: [...elements].map(({ id }) => id) });
        },
      })
      .uid("windows");
    write(
      fired.map(({ key, ids }) => ({ lane: `${FIRED}${key}`, value: ids })),
      "fired",
    );
  },
  broken(written, windows, input) {
    const fired = lanesOf<readonly number[]>(written, FIRED);
    const keys = new Set([...input.map(({ key }) => key), ...fired.keys()]);
    return firstOf(keys, (key) => {
      const ids = input.filter((record) => record.key === key).map(({ id }) => id);
      return brokenOf(fired.get(key) ?? [], ids, windows, key);
    });
  },
};

function brokenOf(
  firings: readonly (readonly number[])[],
  input: readonly number[],
  { size, slide }: CountWindows,
  key: string,
): string | undefined {
  const due = Math.floor(input.length / slide);
  if (firings.length !== due) return `${key} has ${firings.length} windows for ${input.length} records, and not ${due}`;
  const sequence: number[] = [];
  for (const [at, ids] of firings.entries()) {
    const length = Math.min(size, (at + 1) * slide);
    if (ids.length !== length) return `window ${at} of ${key} has ${ids.length} records, and not ${length}`;
    sequence.push(...ids.slice(-slide));
    if (ids.some((id, index) => id !== sequence[sequence.length - length + index]))
      return `window ${at} of ${key} does not go on where the one before ended: ${ids.join(", ")}`;
  }
  const twice = repeated(sequence);
  if (twice !== undefined) return `record ${twice} of ${key} was counted twice`;
  const stranger = sequence.find((id) => !input.includes(id));
  if (stranger !== undefined) return `the windows of ${key} have record ${stranger}`;
  const overtaken = sequence.find((id, at) =>
    sequence.slice(at + 1).some((later) => splitOf(later) === splitOf(id) && later < id),
  );
  return overtaken === undefined ? undefined : `record ${overtaken} of ${key} overtook one of its split`;
}
