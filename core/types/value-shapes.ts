/**
 * The shapes of one buffer: lists of property names, numbered in the order of their first use, so that names are written once.
 *
 * Values of state and streams repeat the same few shapes in the same turn, so each shape remembers which one followed it last time; the guess is
 * checked by comparing names, which are the same strings nearly always.
 */

export interface Shape {
  readonly id: number;
  readonly names: readonly string[];
  /** The shape that was written next, last time. */
  next: Shape | undefined;
}

/** One step in the tree of known shapes, reached by a property name. */
interface Branch {
  readonly children: Map<string, Branch>;
  shape: Shape | undefined;
}

/** Up to that many shapes are looked through; a tree for a single small value would cost more than the value. */
const LOOKED_THROUGH_MAX = 8;

export class ShapeTable {
  readonly #shapes: Shape[] = [];
  /** Beyond {@link LOOKED_THROUGH_MAX}. */
  #root: Branch | undefined = undefined;
  #last: Shape | undefined = undefined;

  get count(): number {
    return this.#shapes.length;
  }

  /** Hot. The shape with exactly these names in this order. */
  find(names: readonly string[]): Shape | undefined {
    const guess = this.#last?.next;
    if (guess !== undefined && sameNames(guess.names, names)) {
      this.#last = guess;
      return guess;
    }
    const found =
      this.#root === undefined
        ? this.#shapes.find((shape) => sameNames(shape.names, names))
        : search(this.#root, names);
    if (found !== undefined) this.#follow(found);
    return found;
  }

  add(names: readonly string[]): Shape {
    const shape: Shape = { id: this.#shapes.length, names, next: undefined };
    this.#shapes.push(shape);
    if (this.#root !== undefined) {
      grow(this.#root, shape);
    } else if (this.#shapes.length > LOOKED_THROUGH_MAX) {
      this.#root = { children: new Map(), shape: undefined };
      for (const known of this.#shapes) grow(this.#root, known);
    }
    this.#follow(shape);
    return shape;
  }

  #follow(shape: Shape): void {
    if (this.#last === undefined) shape.next = shape;
    else this.#last.next = shape;
    this.#last = shape;
  }
}

function search(root: Branch, names: readonly string[]): Shape | undefined {
  let branch: Branch | undefined = root;
  for (const name of names) {
    branch = branch.children.get(name);
    if (branch === undefined) return undefined;
  }
  return branch.shape;
}

function grow(root: Branch, shape: Shape): void {
  let branch = root;
  for (const name of shape.names) {
    let child = branch.children.get(name);
    if (child === undefined) {
      child = { children: new Map(), shape: undefined };
      branch.children.set(name, child);
    }
    branch = child;
  }
  branch.shape = shape;
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  const length = left.length;
  if (length !== right.length) return false;
  for (let index = 0; index < length; index += 1) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
