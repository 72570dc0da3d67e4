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

export class ShapeTable {
  #root: Branch = { children: new Map(), shape: undefined };
  #count = 0;
  #last: Shape | undefined = undefined;

  get count(): number {
    return this.#count;
  }

  /** Hot. The shape with exactly these names in this order. */
  find(names: readonly string[]): Shape | undefined {
    const last = this.#last;
    if (last !== undefined) {
      const guess = last.next;
      if (guess !== undefined && sameNames(guess.names, names)) {
        this.#last = guess;
        return guess;
      }
    }
    const found = this.#search(names);
    if (found !== undefined) this.#follow(found);
    return found;
  }

  add(names: readonly string[]): Shape {
    const shape: Shape = { id: this.#count, names, next: undefined };
    let branch = this.#root;
    for (const name of names) {
      let child = branch.children.get(name);
      if (child === undefined) {
        child = { children: new Map(), shape: undefined };
        branch.children.set(name, child);
      }
      branch = child;
    }
    branch.shape = shape;
    this.#count += 1;
    this.#follow(shape);
    return shape;
  }

  clear(): void {
    this.#root = { children: new Map(), shape: undefined };
    this.#count = 0;
    this.#last = undefined;
  }

  #search(names: readonly string[]): Shape | undefined {
    let branch: Branch | undefined = this.#root;
    for (const name of names) {
      branch = branch.children.get(name);
      if (branch === undefined) return undefined;
    }
    return branch.shape;
  }

  #follow(shape: Shape): void {
    if (this.#last !== undefined) this.#last.next = shape;
    else shape.next = shape;
    this.#last = shape;
  }
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  const length = left.length;
  if (length !== right.length) return false;
  for (let index = 0; index < length; index += 1) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
