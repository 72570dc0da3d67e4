/** The checksum of files. */
import { expect, test } from "vitest";
import { crc32 } from "../../../core/util/checksum.ts";

test("the checksum is CRC-32, and goes on over pieces", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});
