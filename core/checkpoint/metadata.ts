/**
 * The metadata file of a checkpoint: all that is needed to start a job from it, in one file that describes and checks itself.
 *
 *     "MILLRACE" | version u32 | payload length u32 | payload (a `CompletedCheckpoint`, value codec) | CRC-32 of all before, u32
 *
 * Integers are little-endian. Magic, lengths and checksum stay the same in every version, so that a file is first known to be whole, and only
 * then asked for its version.
 */
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import { crc32 } from "../util/checksum.ts";
import { MillraceError } from "../util/errors.ts";
import type { CompletedCheckpoint } from "./contract.ts";

/** 2: records in flight are kept in several files, in frames. */
export const METADATA_VERSION = 2;

const MAGIC = Uint8Array.from("MILLRACE", (letter) => letter.charCodeAt(0));
const HEADER_BYTES = MAGIC.byteLength + 8;
const CHECKSUM_BYTES = 4;

export function encodeMetadata(checkpoint: CompletedCheckpoint): Uint8Array {
  return frame(METADATA_VERSION, encodeValue(checkpoint));
}

/** @internal For tests of other versions. */
export function frame(version: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.byteLength + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.byteLength, version, true);
  view.setUint32(MAGIC.byteLength + 4, payload.byteLength, true);
  bytes.set(payload, HEADER_BYTES);
  const end = HEADER_BYTES + payload.byteLength;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** `path` names the file in errors: `MR5002` damaged, `MR5003` written by a newer millrace, `MR5015` with records in flight by an older one. */
export function decodeMetadata(bytes: Uint8Array, path: string): CompletedCheckpoint {
  if (bytes.byteLength < HEADER_BYTES + CHECKSUM_BYTES) throw damaged(path, `it has only ${bytes.byteLength} bytes`);
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) throw damaged(path, "it does not begin like one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEADER_BYTES + view.getUint32(MAGIC.byteLength + 4, true);
  if (end + CHECKSUM_BYTES !== bytes.byteLength) throw damaged(path, "its length is wrong");
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) throw damaged(path, "its checksum is wrong");
  const version = view.getUint32(MAGIC.byteLength, true);
  if (version > METADATA_VERSION) {
    throw new MillraceError(
      "MR5003",
      `${path} has format version ${version}, and this millrace reads up to ${METADATA_VERSION}; use a newer millrace`,
      {
        retryable: false,
      },
    );
  }
  const checkpoint = decodePayload(bytes.subarray(HEADER_BYTES, end), path);
  if (version === 1 && hasInFlight(checkpoint)) {
    const sentence = `${path} was written by an older millrace and holds records in flight, which this one cannot read; take a savepoint with the older one, and start from that`;
    throw new MillraceError("MR5015", sentence, { retryable: false });
  }
  return checkpoint;
}

function decodePayload(payload: Uint8Array, path: string): CompletedCheckpoint {
  try {
    return decodeValue(payload) as CompletedCheckpoint; // magic, version and checksum say that `encodeMetadata` wrote it
  } catch (cause) {
    throw damaged(path, "its contents cannot be decoded", cause);
  }
}

/** All else is as it was in version 1. */
function hasInFlight({ vertices }: CompletedCheckpoint): boolean {
  return vertices.some(({ subtasks }) => subtasks.some(({ inFlight }) => inFlight !== undefined));
}

function damaged(path: string, how: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "MR5002",
    `${path} is no whole checkpoint metadata file: ${how}; restore from another checkpoint`,
    { cause, retryable: false },
  );
}
