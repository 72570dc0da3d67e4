/** CRC-32, the checksum of every file that millrace writes. */
import { crc32 as zlibCrc32 } from "node:zlib";

/** The checksum of what `previous` was the checksum of, followed by `bytes`. Begin with 0. About 1 GB/s and more. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return zlibCrc32(bytes, previous);
}
