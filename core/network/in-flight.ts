/**
 * The file format of records that were in flight when an unaligned checkpoint passed: the one place that knows how they are encoded.
 *
 * In:   what waited in the input channels of one subtask, in frames, each encoded before its records were processed. Out: files of bytes, and back.
 * Watermarks, idleness and ends that were overtaken are not in it: whoever had sent one tells it anew when it is restored.
 */
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import type { TimeMs } from "../time/clock.ts";
import { FrameDecoder } from "./columnar/frame-decoder.ts";
import type { DecodedRecords } from "./columnar/frame-decoder.ts";

/** What one channel held before the barrier, in order. */
export interface InFlightChannel {
  /** Place of the edge among the input edges of the vertex. */
  readonly edge: number;
  /** As a `FrameEncoder` made them, which refuses with `MR4101`: within a slot records are passed on as they are, so that it may be the first who sees. */
  readonly frames: readonly Uint8Array[];
}

export function encodeInFlight(channels: readonly InFlightChannel[]): Uint8Array {
  return encodeValue(channels);
}

export function decodeInFlight(bytes: Uint8Array): readonly InFlightChannel[] {
  return decodeValue(bytes) as readonly InFlightChannel[]; // the file's checksum says that `encodeInFlight` wrote it
}

/** One record after the other, in the order of the channels. */
export function forEachInFlight(
  channels: readonly InFlightChannel[],
  take: (value: unknown, timestampMs: TimeMs) => void,
): void {
  const decoder = new FrameDecoder();
  const into: DecodedRecords = { values: [], timestampsMs: new Float64Array(0) };
  for (const frame of channels.flatMap(({ frames }) => frames)) {
    const count = decoder.decode(frame, into);
    for (let index = 0; index < count; index += 1) take(into.values[index], into.timestampsMs[index] ?? 0);
  }
}
