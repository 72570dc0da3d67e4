/** Reads the header of a frame, given as text with one character per byte: kinds, counts and names. */
import { damaged } from "./frame-input.ts";

export class HeaderInput {
  readonly #header: string;
  #position: number;

  constructor(header: string) {
    this.#header = header;
    this.#position = 0;
  }

  get atEnd(): boolean {
    return this.#position === this.#header.length;
  }

  readByte(): number {
    if (this.atEnd) throw damaged("its header ends too early");
    return this.#header.charCodeAt(this.#position++);
  }

  readCount(max: number): number {
    const count = this.readByte();
    if (count > max) throw damaged("its header has too many columns");
    return count;
  }

  readName(): string {
    let name = "";
    for (let left = this.#readShort(); left > 0; left -= 1) name += String.fromCharCode(this.#readShort());
    return name;
  }

  #readShort(): number {
    const low = this.readByte();
    return low + this.readByte() * 256;
  }
}
