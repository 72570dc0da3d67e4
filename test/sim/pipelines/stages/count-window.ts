/** Windows by count: after every so many records of an origin and key, the last so many of them. What stays incomplete is not emitted. */
import { grouped } from "../naive.ts";
import { byOrigin, ofOne, originOf, own, ownCode, pick } from "../stage.ts";
import type { Gene, Rec, Stage } from "../stage.ts";
import { ANY_WINDOW, codeOfResult, interpretResult, resultsOf } from "./window-results.ts";

/** Back to back, overlapping, and with records between them that are in no window. */
function slideOf({ a, b }: Gene): { readonly size: number; readonly slide: number } {
  return { size: 2 + (a % 4), slide: 1 + (b % 6) };
}

function unkeyed({ key: origin, n }: Pick<Rec, "key" | "n">, name: string): Rec {
  const { src, key } = originOf(origin);
  return { src: `${src}@${name}`, key, n };
}

export const COUNT_WINDOW: Stage = ofOne({
  facts: ({ ordered, spaced }, { parallelism }) =>
    ordered ? [{ ordered: true, loose: parallelism > 0, spaced }] : undefined,
  code: (input, gene) => {
    const { size, slide } = slideOf(gene);
    return `${input}.keyBy(byOrigin).countWindow(${size === slide ? size : `${size}, ${slide}`}).${codeOfResult(pick(ANY_WINDOW, gene.c))}${ownCode(gene)}`;
  },
  build: (stream, gene, name) => {
    const { size, slide } = slideOf(gene);
    const windows = stream.keyBy(byOrigin).countWindow(size, size === slide ? undefined : slide);
    const { results } = resultsOf(windows, { fn: pick(ANY_WINDOW, gene.c), gene, name, sourceOf: () => "" });
    return [
      own(
        results.map((result) => unkeyed(result, name)),
        gene,
      ),
    ];
  },
  interpret(records, gene, name) {
    const { size, slide } = slideOf(gene);
    return [
      [...grouped(records, ({ rec }) => byOrigin(rec))].flatMap(([key, group]) =>
        Array.from({ length: Math.floor(group.length / slide) }, (_, at) => {
          const end = (at + 1) * slide;
          const elements = group.slice(Math.max(end - size, 0), end).map(({ rec }) => rec);
          const n = interpretResult(pick(ANY_WINDOW, gene.c), {
            elements,
            startMs: 0,
            ofKey: at + 1,
            ofWindow: at + 1,
          });
          return { rec: unkeyed({ key, n }, name), timestampMs: group[end - 1]?.timestampMs ?? NaN };
        }),
      ),
    ];
  },
});
