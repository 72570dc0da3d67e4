/**
 * A file format of our own, made from another: the elements of a JSON array, each of which has to pass a check.
 *
 * In:    what `jsonArray` reads. Out: what the check returns; an element at which it throws is malformed, as text that is no JSON, so that
 *        `onMalformed` of the source gets both, with the place in the file.
 * State: the position is the other parser's.
 */
import { jsonArray } from "millrace/connectors/files";
import type { FileDecoder, FilePosition, MalformedRecord, ParseStep, RecordParser } from "millrace/connectors/files";

/** `check` returns the element as what it should be, or throws an error that says why it is not. */
export function checkedArray<T>(check: (element: unknown) => T): FileDecoder<T> {
  return {
    name: "checkedArray",
    createParser: (options) => new CheckingParser<T>(options.path, jsonArray().createParser(options), check),
  };
}

class CheckingParser<T> implements RecordParser<T> {
  value: T = undefined as T; // read only after the first "record"
  problem: MalformedRecord | undefined;
  readonly #path: string;
  readonly #elements: RecordParser<unknown>;
  readonly #check: (element: unknown) => T;
  #previousEnd: number;

  constructor(path: string, elements: RecordParser<unknown>, check: (element: unknown) => T) {
    this.#path = path;
    this.#elements = elements;
    this.#check = check;
    this.#previousEnd = elements.position().byteOffset;
  }

  next(): ParseStep {
    const step = this.#elements.next();
    if (step === "malformed") this.problem = this.#elements.problem;
    return step === "record" ? this.#checked() : step;
  }

  push(chunk: Uint8Array): void {
    this.#elements.push(chunk);
  }

  end(): void {
    this.#elements.end();
  }

  position(): FilePosition {
    return this.#elements.position();
  }

  #checked(): ParseStep {
    const { byteOffset, recordIndex } = this.#elements.position();
    const element = this.#elements.value;
    try {
      this.value = this.#check(element);
      return "record";
    } catch (cause) {
      const place = { path: this.#path, line: undefined, index: recordIndex - 1, byteOffset: this.#previousEnd };
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.problem = { ...place, text: JSON.stringify(element), reason, cause };
      return "malformed";
    } finally {
      this.#previousEnd = byteOffset;
    }
  }
}
