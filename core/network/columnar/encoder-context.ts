/** What all columns of one encoder share: the number of the frame, the generated functions, the scratch array, and how many columns there may be. */
import type { ClassRegistry } from "../../types/class-registry.ts";
import type { GeneratedCodecs } from "./generated-codecs.ts";

/** Columns that an encoder keeps; beyond, values go by the row codec. Bounds what values that contain each other in ever new ways can make it learn. */
const COLUMNS_MAX = 1_024;

export class EncoderContext {
  readonly codecs: GeneratedCodecs;
  readonly classes: ClassRegistry | undefined;
  /** Which frame is being encoded. */
  frame: number;
  /** Which kind of value each value of the column at hand is; nobody needs it any more when the columns below are written. */
  #kinds: Uint8Array;
  #columns: number;

  constructor(codecs: GeneratedCodecs, classes: ClassRegistry | undefined) {
    this.codecs = codecs;
    this.classes = classes;
    this.frame = 0;
    this.#kinds = new Uint8Array(0);
    this.#columns = 0;
  }

  kindsFor(count: number): Uint8Array {
    if (this.#kinds.length < count) this.#kinds = new Uint8Array(count);
    return this.#kinds;
  }

  takeColumns(count: number): boolean {
    if (this.#columns + count > COLUMNS_MAX) return false;
    this.#columns += count;
    return true;
  }

  giveColumns(count: number): void {
    this.#columns -= count;
  }
}
