/**
 * One shape of the records in a column: the names of an object's fields in their order, or the length of a tuple.
 *
 * In: values that match. Out: the header of the shape, and one column per field. State: arrays for the fields, kept from frame to frame; what each field has
 * held so far, since a field of numbers that has once held null goes another way from then on.
 */
import { EXTRACTED, extractorOf, FOREIGN } from "./extractor-code.ts";
import type { ExtractedField, Extractor, FieldForm } from "./extractor-code.ts";
import { ABSENT, KIND_OBJECT, KIND_TUPLE } from "./frame-format.ts";
import type { FrameOutput } from "./frame-output.ts";
import type { GeneratedCodecs } from "./generated-codecs.ts";
import type { OptionalNames } from "./merge-names.ts";

/** The encoder of a field whose values are not all numbers or all text. */
export interface NestedColumn {
  write(values: readonly unknown[], count: number, output: FrameOutput): void;
}

export interface RecordShapeOptions<C extends NestedColumn> {
  /** Undefined: a tuple. */
  readonly names?: readonly string[];
  readonly isOptional?: readonly boolean[];
  /** The first record: its fields are the first guess at what the fields hold. */
  readonly first: object;
  readonly codecs: GeneratedCodecs;
  readonly makeColumn: () => C;
}

export class RecordShape<C extends NestedColumn> {
  readonly isTuple: boolean;
  /** Of a tuple: its indexes. */
  readonly names: readonly string[];
  readonly isOptional: readonly boolean[];
  readonly columns: readonly C[];
  /** Its place among the shapes of its column. */
  number: number;
  /** The last frame in which a record of it was looked at thoroughly. */
  verifiedIn: number;
  readonly #hasOptional: boolean;
  readonly #codecs: GeneratedCodecs;
  readonly #header: Uint8Array;
  readonly #fields: ExtractedField[];
  #extract: Extractor;

  constructor({ names, isOptional, first, codecs, makeColumn }: RecordShapeOptions<C>) {
    this.isTuple = names === undefined;
    this.names = names ?? Array.from(first as readonly unknown[], (_, index) => String(index)); // a tuple
    this.isOptional = isOptional ?? this.names.map(() => false);
    this.number = 0;
    this.verifiedIn = -1;
    this.#hasOptional = this.isOptional.includes(true);
    this.#codecs = codecs;
    this.#header = headerOf(this.isTuple ? KIND_TUPLE : KIND_OBJECT, this.names);
    this.columns = this.names.map(makeColumn);
    this.#fields = this.names.map((name) => ({
      form: this.#hasOptional ? "any" : formOf(Reflect.get(first, name)),
      numbers: new Float64Array(0),
      lengths: new Uint32Array(0),
      text: "",
      isSame: false,
      values: [],
    }));
    this.#extract = this.#makeExtractor();
  }

  /** Hot. Whether the value has these fields in this order, as far as enumerating them shows; the extractor looks at its prototype. */
  matches(value: object): boolean {
    if (this.isTuple) return Array.isArray(value) && value.length === this.names.length;
    return this.#hasOptional ? matchesLoosely(value, this) : matchesExactly(value, this.names);
  }

  /** Hot. Takes the fields apart if all values are of this shape; most batches are of one. */
  extractAll(values: readonly unknown[], count: number): boolean {
    return this.#hasOptional ? this.#extractLoosely(values, count) : this.#extractBy(this.names, values, count);
  }

  /** The same for values that match. False: some value is not of this shape after all. */
  extract(values: readonly unknown[], count: number): boolean {
    return this.#hasOptional ? this.#extractLoosely(values, count) : this.#extractBy(undefined, values, count);
  }

  /** Writes what was extracted. */
  write(count: number, output: FrameOutput): void {
    output.writeHeader(this.#header);
    if (this.#fields.length === 0) output.writeNothing(count);
    for (const [at, field] of this.#fields.entries()) {
      const { form, text, isSame, values } = field;
      field.text = "";
      field.isSame = false;
      field.values = [];
      if (form === "number") output.writeNumbers(field.numbers, count);
      else if (isSame) output.writeSameText(text, count);
      else if (form === "text") output.writeText(text, field.lengths, count);
      else this.columns[at]?.write(values, count, output);
    }
  }

  #extractBy(names: readonly string[] | undefined, values: readonly unknown[], count: number): boolean {
    for (;;) {
      for (const field of this.#fields) makeRoom(field, count);
      const result = this.#extract(values, count, this.#fields, names);
      if (result === EXTRACTED) return true;
      const field = this.#fields[result];
      if (result === FOREIGN || field === undefined) return false;
      field.form = "any";
      this.#extract = this.#makeExtractor();
    }
  }

  /** Where fields may be absent there are many hidden classes, and enumerating a value finds its fields faster than asking for them by name. */
  #extractLoosely(values: readonly unknown[], count: number): boolean {
    const { names, isOptional } = this;
    for (const field of this.#fields) makeRoom(field, count);
    const columns = this.#fields.map((field) => field.values);
    for (let index = 0; index < count; index += 1) {
      const value = values[index];
      if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
        return false;
      let at = 0;
      for (const name in value) {
        for (; names[at] !== name; at += 1) {
          if (isOptional[at] !== true) return false; // also behind the last name
          put(columns[at], index, ABSENT);
        }
        put(columns[at], index, (value as Readonly<Record<string, unknown>>)[name]); // its own, as its prototype has none
        at += 1;
      }
      for (; at < names.length; at += 1) {
        if (isOptional[at] !== true) return false;
        put(columns[at], index, ABSENT);
      }
    }
    return true;
  }

  #makeExtractor(): Extractor {
    const { isTuple, names } = this;
    return extractorOf(this.#codecs, { isTuple, names, forms: this.#fields.map(({ form }) => form) });
  }
}

/** `for in` asks V8 for the names that it keeps with the hidden class, once per class: several times faster than comparing a list of names. */
function matchesExactly(value: object, names: readonly string[]): boolean {
  let at = 0;
  for (const name in value) {
    if (name !== names[at]) return false;
    at += 1;
  }
  return at === names.length;
}

function matchesLoosely(value: object, { names, isOptional }: OptionalNames): boolean {
  let at = 0;
  for (const name in value) {
    while (names[at] !== name) {
      if (isOptional[at] !== true) return false; // also behind the last name
      at += 1;
    }
    at += 1;
  }
  while (isOptional[at] === true) at += 1;
  return at === names.length;
}

function put(column: unknown[] | undefined, index: number, value: unknown): void {
  if (column !== undefined) column[index] = value;
}

function formOf(value: unknown): FieldForm {
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "any";
}

/** Arrays of values are fresh for every frame: writing young values into an old array costs the collector more than a new one does. */
function makeRoom(field: ExtractedField, count: number): void {
  if (field.form === "any") field.values = new Array<unknown>(count);
  else if (field.form === "number" && field.numbers.length < count) field.numbers = new Float64Array(count);
  else if (field.form === "text" && field.lengths.length < count) field.lengths = new Uint32Array(count);
}

function headerOf(kind: number, names: readonly string[]): Uint8Array {
  if (kind === KIND_TUPLE) return Uint8Array.of(kind, names.length);
  const parts = names.map((name) => {
    const bytes = Buffer.alloc(2 + name.length * 2);
    bytes.writeUInt16LE(name.length, 0);
    bytes.write(name, 2, "utf16le");
    return bytes;
  });
  return new Uint8Array(Buffer.concat([Uint8Array.of(kind, names.length), ...parts]));
}
