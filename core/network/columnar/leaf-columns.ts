/**
 * Writes the columns that hold no objects and lists, each kind with its header byte. In: values of one kind, sorted by `ColumnEncoder`. Out: into the frame.
 */
import * as format from "./frame-format.ts";
import type { FrameOutput } from "./frame-output.ts";

/** Text that may be of one value only, such as what tells the kinds of records apart. */
export function writeTexts(values: readonly string[], count: number, output: FrameOutput): void {
  const [first = ""] = values;
  if (mayBeSame(first, count)) {
    let same = 1;
    while (same < count && values[same] === first) same += 1;
    if (same === count) {
      output.writeSameText(first, count);
      return;
    }
  }
  const lengths = new Uint32Array(count);
  let text = "";
  for (let index = 0; index < count; index += 1) {
    const value = values[index] ?? "";
    lengths[index] = value.length;
    text += value;
  }
  output.writeText(text, lengths, count);
}

/** Whether a column of text that begins so is worth looking through for anything else. */
export function mayBeSame(first: unknown, count: number): boolean {
  return count >= format.SAME_TEXT_MIN && typeof first === "string" && first.length <= format.SAME_TEXT_LENGTH_MAX;
}

/** All other kinds. */
export function writeLeaves(kind: number, values: readonly unknown[], count: number, output: FrameOutput): void {
  output.writeHeaderByte(kind);
  switch (kind) {
    case format.KIND_BOOLEAN: {
      const bytes = new Uint8Array(count);
      for (let index = 0; index < count; index += 1) bytes[index] = values[index] === true ? 1 : 0;
      output.writeBytes(bytes);
      return;
    }
    case format.KIND_BIGINT64:
      output.writeBigints(values as readonly bigint[], count); // sorted by `typeof`
      return;
    case format.KIND_DATE: {
      const dates = values.slice(0, count) as readonly Date[]; // sorted by prototype
      const timesMs = dates.map((date) => date.getTime());
      output.writeFloats(timesMs, count);
      return;
    }
    case format.KIND_BYTES: {
      const all = values.slice(0, count) as readonly Uint8Array[]; // sorted by prototype
      const lengths = all.map(({ length }) => length);
      output.writeLengths(lengths, count);
      output.writeBytes(Buffer.concat(all));
      return;
    }
    default:
      output.writeNothing(count);
  }
}
