/** Stages where unkeyed streams meet and part: union, also of a stream with itself, two inputs without a key, side outputs. */
import { OutputTag } from "../../../../core/index.ts";
import type { Collector, DataStream } from "../../../../core/index.ts";
import { bounded, ofOne, ofTwo, passedOn } from "../stage.ts";
import type { Facts, Rec, Stage, Timed } from "../stage.ts";

function met(left: Facts, right: Facts): Facts {
  const [first, second] = [passedOn(left), passedOn(right)];
  return { ordered: first.ordered && second.ordered, loose: false, spaced: first.spaced && second.spaced };
}

/** Each side gets an origin of its own, since the two may be branches of one stream. */
function branded(stream: DataStream<Rec>, brand: string): DataStream<Rec> {
  return stream.map(({ src, key, n }) => ({ src: `${src}|${brand}`, key, n }));
}

function withBrand({ rec, timestampMs }: Timed, brand: string): Timed {
  return { rec: { ...rec, src: `${rec.src}|${brand}` }, timestampMs };
}

export const UNION: Stage = ofTwo({
  facts: (left, right) => [met(left, right)],
  code: ({ left, right }, _gene, name) =>
    `${left}.map((r) => ({ ...r, src: r.src + "|${name}a" })).union(${right}.map((r) => ({ ...r, src: r.src + "|${name}b" })))`,
  build: ({ left, right }, _gene, name) => [branded(left, `${name}a`).union(branded(right, `${name}b`))],
  interpret: ({ left, right }, _gene, name) => [
    [...left.map((timed) => withBrand(timed, `${name}a`)), ...right.map((timed) => withBrand(timed, `${name}b`))],
  ],
});

export const UNION_WITH_ITSELF: Stage = ofOne({
  facts: ({ spaced }) => [{ ordered: false, loose: false, spaced }],
  code: (input) => `${input}.union(${input})`,
  build: (stream) => [stream.union(stream)],
  interpret: (records) => [records.flatMap((timed) => [timed, timed])],
});

export const CONNECT: Stage = ofTwo({
  facts: (left, right) => [met(left, right), met(left, right)],
  code: ({ left, right }, _gene, name) =>
    `${left}.connect(${right}).process({ left: "${name}a", n * 2 + 1; right: "${name}b", every third to a side output })`,
  build: ({ left, right }, _gene, name) => {
    const third = new OutputTag<Rec>(`third-${name}`);
    const main = left.connect(right).process({
      processElement1({ src, key, n }, _ctx, out: Collector<Rec>) {
        out.collect({ src: `${src}|${name}a`, key, n: bounded(n * 2 + 1) });
      },
      processElement2({ src, key, n }, ctx, out) {
        const record = { src: `${src}|${name}b`, key, n };
        if (n % 3 === 0) ctx.output(third, record);
        else out.collect(record);
      },
    });
    return [main, main.getSideOutput(third)];
  },
  interpret: ({ left, right }, _gene, name) => {
    const first = left.map(({ rec, timestampMs }) =>
      withBrand({ rec: { ...rec, n: bounded(rec.n * 2 + 1) }, timestampMs }, `${name}a`),
    );
    const second = right.map((timed) => withBrand(timed, `${name}b`));
    return [[...first, ...second.filter(({ rec }) => rec.n % 3 !== 0)], second.filter(({ rec }) => rec.n % 3 === 0)];
  },
});

export const SIDE_OUTPUT: Stage = ofOne({
  facts: (input) => [passedOn(input), passedOn(input)],
  code: (input, _gene, name) =>
    `${input}.process((r, ctx, out) => r.n % 2 === 0 ? out.collect(r) : ctx.output(odd, r)); ${name}.1 = ${name}.getSideOutput(odd)`,
  build: (stream, _gene, name) => {
    const odd = new OutputTag<Rec>(`odd-${name}`);
    const main = stream.process({
      processElement(record, ctx, out: Collector<Rec>) {
        if (record.n % 2 === 0) out.collect(record);
        else ctx.output(odd, record);
      },
    });
    return [main, main.getSideOutput(odd)];
  },
  interpret: (records) => [records.filter(({ rec }) => rec.n % 2 === 0), records.filter(({ rec }) => rec.n % 2 !== 0)],
});
