/**
 * The bytes of a file that are read and not yet parsed.
 *
 * In:    chunks, copied behind each other. Out: text of a part; indices count from the first byte that is not consumed.
 * State: one buffer that grows to the longest record plus a chunk, and the place of its first byte in the file.
 */

const BOM = [0xef, 0xbb, 0xbf] as const;

export class ByteWindow {
  /** Hot: parsers scan `bytes` from `start` to before `end` themselves. */
  bytes: Buffer = Buffer.allocUnsafeSlow(0);
  start = 0;
  end = 0;
  /** Where `start` stands in the file. */
  offset: number;

  constructor(offset: number) {
    this.offset = offset;
  }

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Uint8Array): void {
    const length = this.end - this.start;
    if (this.end + chunk.length > this.bytes.length) {
      const target =
        length + chunk.length > this.bytes.length
          ? Buffer.allocUnsafeSlow(Math.max(length + chunk.length, length * 2))
          : this.bytes;
      this.bytes.copy(target, 0, this.start, this.end);
      this.bytes = target;
      this.start = 0;
      this.end = length;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  consume(bytes: number): void {
    this.start += bytes;
    this.offset += bytes;
  }

  /** Broken UTF-8 becomes U+FFFD. */
  text(from: number, to: number): string {
    return this.bytes.toString("utf8", this.start + from, this.start + to);
  }

  /** Passes over the mark that some programs put at the start of UTF-8 files. Call it when three bytes are there, or the file has ended. */
  skipBom(): void {
    if (this.offset === 0 && this.length >= 3 && BOM.every((byte, index) => this.bytes[this.start + index] === byte))
      this.consume(3);
  }
}
