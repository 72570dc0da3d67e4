/**
 * What a stage of a generated pipeline is, in three forms that must agree: code for people, streams for the engine, and plain arrays.
 *
 * In:    streams of `Rec`, with what is known of them. Out: others.
 *
 * Only confluent functions, so that all correct runs give the same: a function that depends on the order of its input is keyed by origin and key, where
 * the order is known; one that gathers several origins (windows, joins by timer) does not depend on the order.
 */
import type { DataStream } from "../../../core/index.ts";

export interface Rec {
  /** Where it comes from: records of one origin and key have an order, as long as their stream is `ordered`. */
  readonly src: string;
  readonly key: string;
  /** Not negative, and below `MODULUS`. */
  readonly n: number;
}

/** A record with its time, as the naive interpreter holds it. */
export interface Timed {
  readonly rec: Rec;
  readonly timestampMs: number;
}

/** What is known of a stream in every correct run. Nothing in it is ever late. */
export interface Facts {
  /** Records of one origin and key come in one order. */
  readonly ordered: boolean;
  /** Its operator has its own parallelism, so that an unkeyed successor deals its records anew. */
  readonly loose: boolean;
  /** Every record is at least 2 ms ahead of the watermark. Sessions need that: one that ends where the next record begins has fired, or has it. */
  readonly spaced: boolean;
  /** For the sink only. */
  readonly sinkOnly?: true;
}

/** One stage as plain data. The letters are numbers that the stage draws its choices from. */
export interface Gene {
  readonly stage: string;
  /** Which of the open streams it takes, counted round. */
  readonly input: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Of its operator, if it is keyed; 0: that of the job. */
  readonly parallelism: number;
  /** The streams that it takes stay open for others. */
  readonly tap: boolean;
}

export interface Stage {
  /** How many streams it takes. */
  readonly inputs: 1 | 2;
  /** Undefined: the stage cannot be exact on these. Else the facts of what it makes, in the order of the other two. */
  facts(inputs: readonly Facts[], gene: Gene): readonly Facts[] | undefined;
  code(inputs: readonly string[], gene: Gene, name: string): string;
  build(inputs: readonly DataStream<Rec>[], gene: Gene, name: string): readonly DataStream<Rec>[];
  interpret(inputs: readonly (readonly Timed[])[], gene: Gene, name: string): readonly (readonly Timed[])[];
}

interface OneInput {
  facts(input: Facts, gene: Gene): readonly Facts[] | undefined;
  code(input: string, gene: Gene, name: string): string;
  build(stream: DataStream<Rec>, gene: Gene, name: string): readonly DataStream<Rec>[];
  interpret(records: readonly Timed[], gene: Gene, name: string): readonly (readonly Timed[])[];
}

interface TwoInputs {
  facts(left: Facts, right: Facts, gene: Gene): readonly Facts[] | undefined;
  code(names: { readonly left: string; readonly right: string }, gene: Gene, name: string): string;
  build(streams: Pair<DataStream<Rec>>, gene: Gene, name: string): readonly DataStream<Rec>[];
  interpret(records: Pair<readonly Timed[]>, gene: Gene, name: string): readonly (readonly Timed[])[];
}

export interface Pair<T> {
  readonly left: T;
  readonly right: T;
}

export function ofOne(stage: OneInput): Stage {
  return {
    inputs: 1,
    facts: (inputs, gene) => stage.facts(at(inputs, 0), gene),
    code: (inputs, gene, name) => stage.code(at(inputs, 0), gene, name),
    build: (inputs, gene, name) => stage.build(at(inputs, 0), gene, name),
    interpret: (inputs, gene, name) => stage.interpret(at(inputs, 0), gene, name),
  };
}

export function ofTwo(stage: TwoInputs): Stage {
  const pair = <T>(inputs: readonly T[]): Pair<T> => ({ left: at(inputs, 0), right: at(inputs, 1) });
  return {
    inputs: 2,
    facts: (inputs, gene) => stage.facts(at(inputs, 0), at(inputs, 1), gene),
    code: (inputs, gene, name) => stage.code(pair(inputs), gene, name),
    build: (inputs, gene, name) => stage.build(pair(inputs), gene, name),
    interpret: (inputs, gene, name) => stage.interpret(pair(inputs), gene, name),
  };
}

function at<T>(inputs: readonly T[], index: number): T {
  const input = inputs[index];
  if (input === undefined) throw new Error(`a stage was given ${inputs.length} streams, and asks for number ${index}`);
  return input;
}

const MODULUS = 1_000_003;

/** Keeps numbers small enough for sums that do not depend on the order of their parts. */
export function bounded(n: number): number {
  return ((n % MODULUS) + MODULUS) % MODULUS;
}

export const byOrigin = ({ src, key }: Rec): string => `${src}/${key}`;
export const byKey = ({ key }: Rec): string => key;

/** The two parts of what `byOrigin` made. */
export function originOf(text: string): Pick<Rec, "src" | "key"> {
  const slash = text.lastIndexOf("/");
  return { src: text.slice(0, slash), key: text.slice(slash + 1) };
}

export function hash(text: string): number {
  let bits = 7;
  for (let index = 0; index < text.length; index += 1) bits = (bits * 31 + text.charCodeAt(index)) | 0;
  return bits >>> 0;
}

export function pick<T>(choices: readonly [T, ...T[]], index: number): T {
  return choices[index % choices.length] ?? choices[0];
}

/** What is known behind an unkeyed operator. */
export function passedOn(input: Facts): Facts {
  return { ordered: input.ordered && !input.loose, loose: false, spaced: input.spaced };
}

/** With the parallelism of its gene. */
export function own<S extends { setParallelism(parallelism: number): unknown }>(stream: S, gene: Gene): S {
  if (gene.parallelism > 0) stream.setParallelism(gene.parallelism);
  return stream;
}

/** How `own` is written. */
export function ownCode({ parallelism }: Gene): string {
  return parallelism > 0 ? `.setParallelism(${parallelism})` : "";
}
