/**
 * How what was recorded is divided into files: what is on disk by the files in which it waits there, so that a later checkpoint can refer to the file of an earlier one.
 *
 * In:   frames by channel, oldest first. Out: parts, in the order in which they have to be read again.
 */
import type { InFlightChannel } from "../network/in-flight.ts";
import type { Segment, SpillSpace, StoredFrame } from "../network/spill-space.ts";

export interface RecordedFrame {
  readonly bytes: number;
  /** Where it waits on disk. Undefined: it is in memory. */
  readonly place: { readonly segment: Segment; readonly offset: number } | undefined;
  read(): Uint8Array;
}

interface OfEdge {
  readonly edge: number;
  readonly frames: readonly RecordedFrame[];
}

export interface InFlightPart {
  readonly edges: readonly number[];
  /** It is all that was ever stored in that segment: as long as nothing is taken out, every checkpoint has the same part. */
  readonly whole: Segment | undefined;
  read(): readonly InFlightChannel[];
}

export function inMemory(frame: Uint8Array): RecordedFrame {
  return { bytes: frame.byteLength, place: undefined, read: () => frame };
}

export function storedIn(space: SpillSpace, stored: StoredFrame): RecordedFrame {
  const { bytes, segment, offset } = stored;
  return { bytes, place: segment && { segment, offset }, read: () => space.read(stored) };
}

interface PlacedFrame {
  readonly edge: number;
  readonly frame: RecordedFrame;
}

/** Parts of about so many bytes, but for whole segments. */
export function partsOf(channels: readonly OfEdge[], bytesMax: number): readonly InFlightPart[] {
  const rounds: PlacedFrame[][] = [];
  for (const { edge, frames } of channels) {
    let round = 0;
    let wasOnDisk = false;
    for (const frame of frames) {
      // What comes after the disk is empty again may be in memory, and is newer.
      if (wasOnDisk && frame.place === undefined) round += 1;
      wasOnDisk = frame.place !== undefined;
      (rounds[round] ??= []).push({ edge, frame });
    }
  }
  return rounds.flatMap((frames) => partsOfRound(frames, bytesMax));
}

/** Of each channel, first what is in memory. */
function partsOfRound(all: readonly PlacedFrame[], bytesMax: number): readonly InFlightPart[] {
  const inMemoryOnly = all.filter(({ frame }) => frame.place === undefined);
  // A map keeps the order of its first entries; segments are filled one after the other.
  const onDisk = new Map<Segment, PlacedFrame[]>();
  for (const placed of all.toSorted((left, right) => orderOf(left) - orderOf(right))) {
    if (placed.frame.place === undefined) continue;
    const { segment } = placed.frame.place;
    const known = onDisk.get(segment);
    if (known === undefined) onDisk.set(segment, [placed]);
    else known.push(placed);
  }
  return [
    ...divided(inMemoryOnly, bytesMax),
    ...[...onDisk].flatMap(([segment, frames]) =>
      segment.isSealed && segment.frames === frames.length ? [partOf(frames, segment)] : divided(frames, bytesMax),
    ),
  ];
}

/** Where it is on disk: by the age of its segment, then by its place there. */
function orderOf({ frame: { place } }: PlacedFrame): number {
  return place === undefined ? -1 : place.segment.number * 2 ** 32 + place.offset;
}

function divided(frames: readonly PlacedFrame[], bytesMax: number): readonly InFlightPart[] {
  const parts: InFlightPart[] = [];
  let open: PlacedFrame[] = [];
  let bytes = 0;
  for (const placed of frames) {
    open.push(placed);
    bytes += placed.frame.bytes;
    if (bytes < bytesMax) continue;
    parts.push(partOf(open, undefined));
    open = [];
    bytes = 0;
  }
  return open.length === 0 ? parts : [...parts, partOf(open, undefined)];
}

function partOf(frames: readonly PlacedFrame[], whole: Segment | undefined): InFlightPart {
  return {
    edges: [...new Set(frames.map(({ edge }) => edge))],
    whole,
    read: () => {
      const channels: { readonly edge: number; readonly frames: Uint8Array[] }[] = [];
      for (const { edge, frame } of frames) {
        const last = channels.at(-1);
        if (last?.edge === edge) last.frames.push(frame.read());
        else channels.push({ edge, frames: [frame.read()] });
      }
      return channels;
    },
  };
}
