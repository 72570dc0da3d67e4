/**
 * The shapes that the values of one column have had, learnt from the values themselves.
 *
 * In: an object or array. Out: its shape, or why it has none. Up to `EXACT_MAX` shapes are taken as they come; from then on those that differ in a few
 * fields are joined into one with optional fields; a column that still needs more than `SHAPES_MAX` is given up for a while.
 */
import { hasOnlyElements, hasOnlyPlainFields } from "../../types/value-refusal.ts";
import type { EncoderContext } from "./encoder-context.ts";
import { FIELDS_MAX, SHAPES_MAX, TUPLE_LENGTH_MAX } from "./frame-format.ts";
import { mergeNames } from "./merge-names.ts";
import type { OptionalNames } from "./merge-names.ts";
import { RecordShape } from "./record-shape.ts";
import type { NestedColumn } from "./record-shape.ts";

const EXACT_MAX = 4;
const FRAMES_GIVEN_UP = 1_024;

/** `rows`: it goes by the row codec. `list`: an array. `changed`: what was found before is void, sort the column again. */
export type Found<C extends NestedColumn> = RecordShape<C> | "rows" | "list" | "changed";

export interface ShapedColumn extends NestedColumn {
  /** Columns below, itself included. */
  readonly size: number;
}

export class ColumnShapes<C extends ShapedColumn> {
  readonly #context: EncoderContext;
  readonly #makeColumn: () => C;
  #shapes: RecordShape<C>[];
  #last: RecordShape<C> | undefined;
  #givenUpUntil: number;
  /** Arrays of one short length are tuples; once there are others, all arrays of the column are lists. */
  #hasLists: boolean;
  #listVerifiedIn: number;

  constructor(context: EncoderContext, makeColumn: () => C) {
    this.#context = context;
    this.#makeColumn = makeColumn;
    this.#shapes = [];
    this.#last = undefined;
    this.#givenUpUntil = 0;
    this.#hasLists = false;
    this.#listVerifiedIn = -1;
  }

  get shapes(): readonly RecordShape<C>[] {
    return this.#shapes;
  }

  get isGivenUp(): boolean {
    return this.#context.frame < this.#givenUpUntil;
  }

  /** Columns below. */
  get size(): number {
    return this.#shapes.reduce(
      (sum, shape) => sum + shape.columns.reduce((inner, column) => inner + column.size, 0),
      0,
    );
  }

  /** Hot. */
  find(value: object): Found<C> {
    const { frame } = this.#context;
    // Only what was looked at thoroughly in this frame is taken by its looks.
    if (this.#last?.verifiedIn === frame && this.#last.matches(value)) return this.#last;
    const shapes = this.#shapes;
    for (let index = 0; index < shapes.length; index += 1) {
      const shape = shapes[index];
      if (shape?.verifiedIn === frame && shape.matches(value)) {
        this.#last = shape;
        return shape;
      }
    }
    return Array.isArray(value) ? this.#findArray(value) : this.#findObject(value);
  }

  #findObject(value: object): Found<C> {
    if (Object.getPrototypeOf(value) !== Object.prototype) return "rows";
    const known = this.#shapes.find((shape) => shape.matches(value));
    const names = Object.keys(value);
    if (!hasOnlyPlainFields(value, names)) return "rows";
    const shape = known ?? this.#learnObject(value, names);
    if (typeof shape === "object") shape.verifiedIn = this.#context.frame;
    return shape;
  }

  #findArray(value: readonly unknown[]): Found<C> {
    if (Object.getPrototypeOf(value) !== Array.prototype) return "rows";
    if (this.#hasLists) return this.#findList(value);
    const known = this.#shapes.find(({ isTuple }) => isTuple);
    if (known === undefined ? value.length > TUPLE_LENGTH_MAX : !known.matches(value)) {
      this.#hasLists = true;
      if (known === undefined) return this.#findList(value);
      this.#replace(this.#shapes.filter((shape) => shape !== known));
      return "changed";
    }
    if (!isPlainArray(value)) return "rows";
    const shape = known ?? this.#learn({ first: value }, value.length);
    if (typeof shape === "object") shape.verifiedIn = this.#context.frame;
    return shape;
  }

  #findList(value: readonly unknown[]): Found<C> {
    if (this.#listVerifiedIn !== this.#context.frame) {
      if (!isPlainArray(value)) return "rows";
      this.#listVerifiedIn = this.#context.frame;
    }
    for (let index = 0; index < value.length; index += 1) {
      if (value[index] === undefined && !Object.hasOwn(value, index)) return "rows";
    }
    return "list";
  }

  #learnObject(value: object, names: readonly string[]): Found<C> {
    if (names.length > FIELDS_MAX || names.includes("__proto__")) return "rows";
    if (this.#shapes.length < EXACT_MAX) return this.#learn({ names, first: value }, names.length);
    const joined = this.#join({ names, isOptional: names.map(() => false) });
    if (joined !== undefined) {
      const [shape, gone] = joined;
      const rest = this.#shapes.filter((known) => !gone.includes(known));
      this.#replace(rest);
      this.#learn({ ...shape, first: value }, shape.names.length);
      return "changed";
    }
    return this.#learn({ names, first: value }, names.length);
  }

  /** The new shape, with as many of the known ones as go with it. */
  #join(names: OptionalNames): readonly [OptionalNames, readonly RecordShape<C>[]] | undefined {
    let whole = names;
    const gone: RecordShape<C>[] = [];
    for (const shape of this.#shapes) {
      const merged = shape.isTuple ? undefined : mergeNames(whole, shape);
      if (merged === undefined || merged.names.length > FIELDS_MAX) continue;
      whole = merged;
      gone.push(shape);
    }
    return gone.length === 0 ? undefined : [whole, gone];
  }

  #learn(
    shape: { readonly names?: readonly string[]; readonly isOptional?: readonly boolean[]; readonly first: object },
    fields: number,
  ): Found<C> {
    if (this.#shapes.length >= SHAPES_MAX) {
      this.#replace([]);
      this.#givenUpUntil = this.#context.frame + FRAMES_GIVEN_UP;
      return "changed";
    }
    if (!this.#context.takeColumns(fields)) return "rows";
    const learnt = new RecordShape({ ...shape, codecs: this.#context.codecs, makeColumn: this.#makeColumn });
    learnt.number = this.#shapes.push(learnt) - 1;
    return learnt;
  }

  #replace(shapes: RecordShape<C>[]): void {
    const before = this.size;
    this.#shapes = shapes;
    for (const [number, shape] of shapes.entries()) shape.number = number;
    this.#last = undefined;
    this.#context.giveColumns(before - this.size);
  }
}

function isPlainArray(value: readonly unknown[]): boolean {
  return hasOnlyElements(value, Object.keys(value));
}
