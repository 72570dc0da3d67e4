/**
 * Makes one self-contained frame of a batch of records: what goes from slot to slot, and into checkpoints. `frame-format.ts` draws the layout.
 *
 * In: values and timestamps. Out: bytes in an `ArrayBuffer` of their own, which may be transferred. State: what the records of earlier frames looked like; it
 * only makes the next frame faster, and no frame depends on another.
 */
import type { ClassRegistry } from "../../types/class-registry.ts";
import { refusalOf } from "../../types/value-refusal.ts";
import { isMillraceError } from "../../util/errors.ts";
import { ColumnEncoder } from "./column-encoder.ts";
import { EncoderContext } from "./encoder-context.ts";
import { KIND_ROWS } from "./frame-format.ts";
import { FrameOutput } from "./frame-output.ts";
import { GeneratedCodecs } from "./generated-codecs.ts";

export interface FrameEncoderOptions {
  /** Every value goes by the row codec: the twin, for tests. Default: false. */
  readonly plain?: boolean | undefined;
  readonly classes?: ClassRegistry | undefined;
  /** Shared by all encoders and decoders of a thread. Default: one of its own. */
  readonly codecs?: GeneratedCodecs | undefined;
}

export class FrameEncoder {
  readonly #context: EncoderContext;
  readonly #column: ColumnEncoder;
  readonly #output: FrameOutput;
  #plainFrames: number;

  constructor(options: FrameEncoderOptions = {}) {
    this.#context = new EncoderContext(options.codecs ?? new GeneratedCodecs(), options.classes);
    this.#column = new ColumnEncoder(this.#context, { depth: 0, isPlain: options.plain === true });
    this.#output = new FrameOutput();
    this.#plainFrames = 0;
  }

  /** Frames of which all records went by the row codec, such as those with more than 16 unlike shapes. */
  get plainFrames(): number {
    return this.#plainFrames;
  }

  /**
   * The records `[from, to)` as one frame. Refuses with `MR4101` what cannot be sent, naming the path to it within its record.
   */
  encode(values: readonly unknown[], timestampsMs: Float64Array, from: number, to: number): Uint8Array {
    const count = to - from;
    const batch = from === 0 ? values : values.slice(from, to);
    try {
      return this.#encode(batch, timestampsMs.subarray(from, to));
    } catch (error) {
      throw isMillraceError(error) ? (refusalIn(batch, count, this.#context.classes) ?? error) : error;
    }
  }

  #encode(values: readonly unknown[], timestampsMs: Float64Array): Uint8Array {
    const count = timestampsMs.length;
    const output = this.#output;
    this.#context.frame += 1;
    output.begin();
    output.writeFloats(timestampsMs, count);
    this.#column.write(values, count, output);
    if (output.rootKind === KIND_ROWS) this.#plainFrames += 1;
    return output.finish(count);
  }
}

/** The column knows the path within its own values only. */
function refusalIn(values: readonly unknown[], count: number, classes: ClassRegistry | undefined): Error | undefined {
  for (let index = 0; index < count; index += 1) {
    const refusal = refusalOf(values[index], classes);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
