/**
 * What a stage of a generated pipeline is: it takes streams of `Rec`, with what is known of their order, and makes others.
 *
 * In:    streams. Out: streams. Only confluent functions, so that two correct runs give the same: a function that depends on the order of its input is
 *        keyed by origin and key, where the order is known; one that gathers several origins (windows, joins by timer) does not depend on the order.
 */
import type { DataStream, KeyedStream } from "../../core/index.ts";

export interface Rec {
  /** Where it comes from: records of one origin and key have an order. */
  readonly src: string;
  readonly key: string;
  readonly n: number;
}

export interface Flow {
  readonly stream: DataStream<Rec>;
  /** Records of one origin and key come in one order in every run. */
  readonly ordered: boolean;
  /** Its operator has its own parallelism, so that an unkeyed successor deals its records anew. */
  readonly loose: boolean;
  readonly name: string;
  /** For the sink only. */
  readonly done?: boolean;
}

/** Numbers that a stage draws its choices from. */
export interface Gene {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface Stage {
  /** How many streams it takes. */
  readonly inputs: 1 | 2;
  /** Order-dependent: only on ordered input. */
  readonly needsOrder?: boolean;
  code(inputs: readonly string[], gene: Gene): string;
  build(inputs: readonly Flow[], gene: Gene, name: string): readonly Omit<Flow, "name">[];
}

export const byOrigin = ({ src, key }: Rec): string => `${src}/${key}`;
export const byKey = ({ key }: Rec): string => key;

export function hash(text: string): number {
  let bits = 7;
  for (let at = 0; at < text.length; at += 1) bits = (bits * 31 + text.charCodeAt(at)) | 0;
  return bits >>> 0;
}

export function pick<T>(choices: readonly [T, ...T[]], at: number): T {
  return choices[at % choices.length] ?? choices[0];
}

export function unkeyed(
  flow: Flow | undefined,
  build: (stream: DataStream<Rec>) => DataStream<Rec>,
): readonly Omit<Flow, "name">[] {
  if (flow === undefined) return [];
  return [{ stream: build(flow.stream), ordered: flow.ordered && !flow.loose, loose: false }];
}

export function keyed(
  flow: Flow | undefined,
  gene: Gene,
  parts: { readonly key: (record: Rec) => string; readonly name: string; readonly ordered: boolean },
  build: (stream: KeyedStream<string, Rec>) => DataStream<Rec>,
): readonly Omit<Flow, "name">[] {
  if (flow === undefined) return [];
  const stream = build(flow.stream.keyBy(parts.key)).uid(parts.name).name(parts.name);
  const own = gene.c % 4 === 0;
  if (own) stream.setParallelism(1 + (gene.c % 3));
  return [{ stream, ordered: parts.ordered, loose: own }];
}
