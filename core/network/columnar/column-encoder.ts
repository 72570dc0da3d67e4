/**
 * Writes one column: any values, sorted by kind, each kind in the way that suits it. The values of an object's field are a column again, and so are the
 * elements of lists.
 *
 * In: values. Out: the header of the column, and its data. State: the shapes learnt so far (`column-shapes.ts`), and the columns below.
 *
 * The row codec is the twin that decides in doubt: whatever has no kind here, or only looks as if it had one, is written by it, and it refuses what it
 * refuses anywhere. Only the first object of a shape in a frame is looked at for accessors, symbol keys and hidden fields.
 */
import { ValueWriter } from "../../types/value-writer.ts";
import { ColumnShapes } from "./column-shapes.ts";
import type { EncoderContext } from "./encoder-context.ts";
import * as format from "./frame-format.ts";
import type { FrameOutput } from "./frame-output.ts";
import { writeLeaves, writeTexts } from "./leaf-columns.ts";
import type { RecordShape } from "./record-shape.ts";

/** Sorted by these while encoding: below `KIND_OBJECT` the kinds of the format (`KIND_INT32` and `KIND_LATIN1` for any number and text), then the shapes. */
const NUMBER: number = format.KIND_INT32;
const TEXT: number = format.KIND_LATIN1;
const FIRST_SHAPE: number = format.KIND_OBJECT;
/** What was sorted so far is void. */
const CHANGED = 255;

/** Each time something new is learnt; more often than that only where there is no room to learn. */
const SORTED_AGAIN_MAX = 32;

export interface ColumnOptions {
  /** How many objects and lists are around it; those in a column at `COLUMN_DEPTH_MAX` are rows. */
  readonly depth: number;
  /** All values are rows. */
  readonly isPlain: boolean;
}

/** The values of one kind. */
interface Group {
  readonly kind: number;
  readonly values: readonly unknown[];
  readonly count: number;
  /** Its fields have been taken apart already. */
  readonly isExtracted: boolean;
}

export class ColumnEncoder {
  readonly #context: EncoderContext;
  readonly #depth: number;
  readonly #isPlain: boolean;
  /** Undefined: objects and arrays are rows. */
  readonly #shapes: ColumnShapes<ColumnEncoder> | undefined;
  #elements: ColumnEncoder | undefined;

  constructor(context: EncoderContext, { depth, isPlain }: ColumnOptions) {
    this.#context = context;
    this.#depth = depth;
    this.#isPlain = isPlain;
    this.#shapes = depth < format.COLUMN_DEPTH_MAX ? new ColumnShapes(context, () => this.#makeColumn()) : undefined;
    this.#elements = undefined;
  }

  /** Columns that were taken from the context: this one and those below, lists' not counted. */
  get size(): number {
    return 1 + (this.#shapes?.size ?? 0) + (this.#elements === undefined ? 0 : this.#elements.size - 1);
  }

  /** Refuses with `MR4101` what the row codec refuses; the path in that error begins at the value of this column. */
  write(values: readonly unknown[], count: number, output: FrameOutput): void {
    let groups = this.#sort(values, count);
    // Before the first byte: a value that does not extract sends the whole column to the row codec.
    if (!groups.every((group) => this.#extract(group))) groups = this.#sortAsRows(values, count);
    if (groups.length > 1) writeKinds(groups, this.#context.kindsFor(count).subarray(0, count), output);
    for (const group of groups) this.#writeGroup(group, output);
  }

  #makeColumn(): ColumnEncoder {
    return new ColumnEncoder(this.#context, { depth: this.#depth + 1, isPlain: false });
  }

  /** The groups in the order of their kinds, so that equal mixtures make equal headers. */
  #sort(values: readonly unknown[], count: number): readonly Group[] {
    if (count === 0) return [{ kind: format.KIND_NULL, values, count, isExtracted: false }];
    for (let attempt = 0; attempt < SORTED_AGAIN_MAX; attempt += 1) {
      if (this.#isPlain || this.#shapes?.isGivenUp === true) break;
      const groups = this.#sortBy(this.#kindOf(values[0]), values, count);
      if (groups !== undefined) return groups;
      // What was looked at thoroughly counts no more, since records before it may have been taken for something else.
      this.#context.frame += 1;
    }
    return this.#sortAsRows(values, count);
  }

  /** A field that is not there is nothing that the row codec could write. */
  #sortAsRows(values: readonly unknown[], count: number): readonly Group[] {
    if (!values.includes(format.ABSENT)) return [{ kind: format.KIND_ROWS, values, count, isExtracted: false }];
    const kinds = this.#context.kindsFor(count);
    for (let index = 0; index < count; index += 1)
      kinds[index] = values[index] === format.ABSENT ? format.KIND_ABSENT : format.KIND_ROWS;
    return grouped(values, kinds, count);
  }

  /** Undefined: what was sorted is void. */
  #sortBy(first: number, values: readonly unknown[], count: number): readonly Group[] | undefined {
    if (first === CHANGED) return undefined;
    if (this.#shapeOf(first)?.extractAll(values, count) === true)
      return [{ kind: first, values, count, isExtracted: true }];
    const kinds = this.#context.kindsFor(count);
    kinds[0] = first;
    let isUniform = true;
    for (let index = 1; index < count; index += 1) {
      const kind = this.#kindOf(values[index]);
      if (kind === CHANGED) return undefined;
      if (kind !== first) isUniform = false;
      kinds[index] = kind;
    }
    return isUniform ? [{ kind: first, values, count, isExtracted: false }] : grouped(values, kinds, count);
  }

  /** False: some value is not of the shape that it seems to have. */
  #extract({ kind, values, count, isExtracted }: Group): boolean {
    return isExtracted || this.#shapeOf(kind)?.extract(values, count) !== false;
  }

  /** Hot. */
  #kindOf(value: unknown): number {
    switch (typeof value) {
      case "object":
        return value === null ? format.KIND_NULL : this.#kindOfObject(value);
      case "number":
        return NUMBER;
      case "string":
        return TEXT;
      case "boolean":
        return format.KIND_BOOLEAN;
      case "undefined":
        return format.KIND_UNDEFINED;
      case "bigint":
        return BigInt.asIntN(64, value) === value ? format.KIND_BIGINT64 : format.KIND_ROWS;
      default:
        return value === format.ABSENT ? format.KIND_ABSENT : format.KIND_ROWS; // which refuses functions and symbols
    }
  }

  #kindOfObject(value: object): number {
    const found = this.#shapes?.find(value) ?? "rows";
    if (typeof found === "object") return FIRST_SHAPE + found.number;
    if (found === "rows") return kindOfInstance(value);
    return found === "list" ? format.KIND_LIST : CHANGED;
  }

  #shapeOf(kind: number): RecordShape<ColumnEncoder> | undefined {
    return kind < FIRST_SHAPE ? undefined : this.#shapes?.shapes[kind - FIRST_SHAPE];
  }

  #writeGroup({ kind, values, count }: Group, output: FrameOutput): void {
    const shape = this.#shapeOf(kind);
    if (shape !== undefined) shape.write(count, output);
    else if (kind === NUMBER) output.writeNumbers(values as readonly number[], count); // sorted by `typeof`
    else if (kind === TEXT) writeTexts(values as readonly string[], count, output); // sorted by `typeof`
    else if (kind === format.KIND_LIST) this.#writeLists(values as readonly (readonly unknown[])[], count, output); // as `find` says
    else if (kind === format.KIND_ROWS) this.#writeRows(values, count, output);
    else writeLeaves(kind, values, count, output);
  }

  #writeLists(lists: readonly (readonly unknown[])[], count: number, output: FrameOutput): void {
    const elements: unknown[] = [];
    const lengths = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) {
      const list = lists[index] ?? [];
      lengths[index] = list.length;
      for (const element of list) elements.push(element);
    }
    output.writeHeaderByte(format.KIND_LIST);
    output.writeLengths(lengths, count);
    this.#elements ??= this.#makeColumn();
    this.#elements.write(elements, elements.length, output);
  }

  #writeRows(values: readonly unknown[], count: number, output: FrameOutput): void {
    const writer = new ValueWriter({ classes: this.#context.classes, bytesInitial: 1_024 });
    for (let index = 0; index < count; index += 1) writer.writeValue(values[index]);
    const rows = writer.take();
    output.writeHeaderByte(format.KIND_ROWS);
    output.writeUint(rows.length);
    output.writeBytes(rows);
  }
}

function grouped(values: readonly unknown[], kinds: Uint8Array, count: number): readonly Group[] {
  const byKind: unknown[][] = [];
  for (let index = 0; index < count; index += 1) {
    const kind = kinds[index] ?? 0;
    const same = byKind[kind];
    if (same === undefined) byKind[kind] = [values[index]];
    else same.push(values[index]);
  }
  return byKind.flatMap((same, kind) => [{ kind, values: same, count: same.length, isExtracted: false }]);
}

/** One byte per value: the position of its group. */
function writeKinds(groups: readonly Group[], kinds: Uint8Array, output: FrameOutput): void {
  const positions = new Uint8Array(format.MIXED_KINDS_MAX);
  for (const [position, { kind }] of groups.entries()) positions[kind] = position;
  for (let index = 0; index < kinds.length; index += 1) kinds[index] = positions[kinds[index] ?? 0] ?? 0;
  output.writeHeaderByte(format.KIND_MIXED);
  output.writeHeaderByte(groups.length);
  output.writeBytes(kinds);
}

/** Of an object that has no shape. */
function kindOfInstance(value: object): number {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype && value instanceof Date) return format.KIND_DATE;
  if (prototype === Uint8Array.prototype && ArrayBuffer.isView(value)) return format.KIND_BYTES;
  return format.KIND_ROWS;
}
