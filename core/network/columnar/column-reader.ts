/**
 * From the header of a frame to the reader of its columns: made once for all frames that look alike.
 *
 * In: the header, as text with one character per byte. Out: a `ColumnReader`, which keeps nothing from frame to frame. Hot: builders of records are generated
 * (`builder-code.ts`); all else are loops over typed arrays.
 */
import type { ClassRegistry } from "../../types/class-registry.ts";
import { builderOf } from "./builder-code.ts";
import * as format from "./frame-format.ts";
import { damaged } from "./frame-input.ts";
import type { GeneratedCodecs } from "./generated-codecs.ts";
import { HeaderInput } from "./header-input.ts";
import { isText, leafReaderOf, newArray, readText, sum, textMismatch } from "./leaf-readers.ts";
import type { ColumnReader } from "./leaf-readers.ts";

export interface ReaderContext {
  readonly codecs: GeneratedCodecs;
  readonly classes: ClassRegistry | undefined;
}

/** A column as its header describes it. */
interface Column {
  readonly kind: number;
  /** Kinds of a mixed column. */
  readonly kinds: readonly number[];
  readonly read: ColumnReader;
}

/** Where in the tree a column stands, and what it may be there. */
interface Place {
  readonly depth: number;
  readonly mayBeAbsent: boolean;
  readonly mayBeMixed: boolean;
}

export function columnReaderOf(header: string, context: ReaderContext): ColumnReader {
  const input = new HeaderInput(header);
  const { read } = new HeaderParser(input, context).column({ depth: 0, mayBeAbsent: false, mayBeMixed: true });
  if (!input.atEnd) throw damaged("something follows its header");
  return read;
}

class HeaderParser {
  readonly #input: HeaderInput;
  readonly #context: ReaderContext;

  constructor(input: HeaderInput, context: ReaderContext) {
    this.#input = input;
    this.#context = context;
  }

  column({ depth, mayBeAbsent, mayBeMixed }: Place): Column {
    if (depth > format.COLUMN_DEPTH_MAX) throw damaged("its columns are nested too deep");
    const kind = this.#input.readByte();
    switch (kind) {
      case format.KIND_OBJECT: {
        const names = this.#names();
        const fields = this.#columns(names.length, { depth: depth + 1, mayBeAbsent: true, mayBeMixed: true });
        return { kind, kinds: [], read: this.#recordReader(names, fields) };
      }
      case format.KIND_TUPLE: {
        const length = this.#input.readCount(format.TUPLE_LENGTH_MAX);
        const elements = this.#columns(length, { depth: depth + 1, mayBeAbsent: false, mayBeMixed: true });
        return { kind, kinds: [], read: this.#recordReader(undefined, elements) };
      }
      case format.KIND_LIST: {
        const elements = this.column({ depth: depth + 1, mayBeAbsent: false, mayBeMixed: true });
        return { kind, kinds: [], read: listReader(elements.read) };
      }
      case format.KIND_MIXED: {
        if (!mayBeMixed) throw damaged("a mixed column has a mixed column in it");
        const count = this.#input.readCount(format.MIXED_KINDS_MAX);
        const columns = this.#columns(count, { depth, mayBeAbsent, mayBeMixed: false });
        return { kind, kinds: columns.map((column) => column.kind), read: mixedReader(columns) };
      }
      case format.KIND_ABSENT:
        if (!mayBeAbsent) throw damaged("a value is absent outside of any object");
        return { kind, kinds: [], read: leafReaderOf(kind, undefined) };
      default:
        return { kind, kinds: [], read: leafReaderOf(kind, this.#context.classes) };
    }
  }

  #columns(count: number, place: Place): Column[] {
    const columns: Column[] = [];
    for (let left = count; left > 0; left -= 1) columns.push(this.column(place));
    return columns;
  }

  #names(): readonly string[] {
    const names = new Set<string>();
    const count = this.#input.readCount(format.FIELDS_MAX);
    for (let left = count; left > 0; left -= 1) names.add(this.#input.readName());
    if (names.size !== count || names.has("__proto__")) throw damaged("the names of its fields make no record");
    return [...names];
  }

  #recordReader(names: readonly string[] | undefined, columns: readonly Column[]): ColumnReader {
    const fields = columns.map(({ kind, kinds }) => ({
      isText: isText(kind),
      isOptional: kind === format.KIND_ABSENT || kinds.includes(format.KIND_ABSENT),
    }));
    const build = builderOf(this.#context.codecs, { names, fields });
    return (input, count, into) => {
      if (columns.length === 0) input.readBytes(count);
      const sources = columns.map(({ kind, read }) =>
        isText(kind) ? readText(input, kind, count) : read(input, count),
      );
      const records = into ?? newArray(count);
      if (!build(count, sources, records)) throw textMismatch();
      return records;
    };
  }
}

function listReader(readElements: ColumnReader): ColumnReader {
  return (input, count) => {
    const lengths = input.readUints(count);
    const elements = readElements(input, sum(lengths));
    const lists = newArray(count);
    let end = 0;
    for (let index = 0; index < count; index += 1) {
      const list: unknown[] = [];
      let at = end;
      end += lengths[index] ?? 0;
      for (; at < end; at += 1) list.push(elements[at]);
      lists[index] = list;
    }
    return lists;
  };
}

function mixedReader(columns: readonly Column[]): ColumnReader {
  return (input, count, into) => {
    const kinds = input.readBytes(count);
    const counts = new Uint32Array(256);
    for (let index = 0; index < count; index += 1) counts[kinds[index] ?? 0] = (counts[kinds[index] ?? 0] ?? 0) + 1;
    const values = columns.map(({ read }, kind) => read(input, counts[kind] ?? 0));
    const nexts = new Uint32Array(columns.length);
    const all = into ?? newArray(count);
    for (let index = 0; index < count; index += 1) {
      const kind = kinds[index] ?? 0;
      const column = values[kind];
      if (column === undefined) throw damaged("a value has a kind that its column does not have");
      const next = nexts[kind] ?? 0;
      all[index] = column[next];
      nexts[kind] = next + 1;
    }
    return all;
  };
}
