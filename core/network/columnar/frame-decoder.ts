/**
 * Takes frames of a `FrameEncoder` apart again. `frame-format.ts` draws their layout.
 *
 * In: frames, of any encoder, in any order. Out: fresh values in arrays that the caller keeps for all frames. State: how to read frames with the headers met
 * so far; it only makes the next frame faster.
 */
import type { ClassRegistry } from "../../types/class-registry.ts";
import { columnReaderOf } from "./column-reader.ts";
import type { ReaderContext } from "./column-reader.ts";
import { damaged, FrameInput } from "./frame-input.ts";
import { GeneratedCodecs } from "./generated-codecs.ts";
import type { ColumnReader } from "./leaf-readers.ts";

/** Headers remembered. Every mixture of kinds that a batch happens to have makes its own. */
const HEADERS_MAX = 64;

export interface FrameDecoderOptions {
  readonly classes?: ClassRegistry | undefined;
  /** Shared by all encoders and decoders of a thread. Default: one of its own. */
  readonly codecs?: GeneratedCodecs | undefined;
}

/** Where the records of a frame go, from the start; what is behind them is left as it is. `timestampsMs` is replaced where it is too short. */
export interface DecodedRecords {
  readonly values: unknown[];
  timestampsMs: Float64Array;
}

export class FrameDecoder {
  readonly #context: ReaderContext;
  readonly #readers = new Map<string, ColumnReader>();

  constructor(options: FrameDecoderOptions = {}) {
    this.#context = { codecs: options.codecs ?? new GeneratedCodecs(), classes: options.classes };
  }

  /** The number of records. Refuses with `MR4102` bytes that are no frame; some of its records may be in `into` then. */
  decode(frame: Uint8Array, into: DecodedRecords): number {
    const input = new FrameInput(frame);
    const { count, header } = input;
    const timestampsMs = input.readFloats(count);
    const values = this.#readerOf(header)(input, count, into.values);
    if (!input.atEnd) throw damaged("something follows its last column");
    if (into.timestampsMs.length < count)
      into.timestampsMs = new Float64Array(Math.max(count, into.timestampsMs.length * 2));
    into.timestampsMs.set(timestampsMs);
    if (values !== into.values) for (let index = 0; index < count; index += 1) into.values[index] = values[index];
    return count;
  }

  #readerOf(header: string): ColumnReader {
    const known = this.#readers.get(header);
    if (known !== undefined) return known;
    const reader = columnReaderOf(header, this.#context);
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size < HEADERS_MAX) break;
      this.#readers.delete(oldest);
    }
    this.#readers.set(header, reader);
    return reader;
  }
}
