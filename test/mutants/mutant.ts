/**
 * A planted bug: a patch of one source file of the engine, applied while the simulator's bundle is built, never in the tree.
 *
 * In:    the text of a source file. Out: the same with the bug in it. A patch whose place is gone or not unique is an error, so that the table
 *        cannot rot unnoticed while the engine changes.
 */

/** `tight-…`: what waits in the loop has next to no memory, and goes to disk. `standing-loops`: and stays there for long. `kafka`: from a simulated Kafka to the same. `slow-storage`: dataflows whose checkpoints wait for their metadata. */
export type Arena =
  | "dataflows"
  | "slow-storage"
  | "loops"
  | "functions"
  | "tight-loops"
  | "standing-loops"
  | "tight-functions"
  | "kafka";

export interface Mutant {
  /** In kebab-case; also the name of its bundle. */
  readonly id: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the TypeScript source. */
  readonly find: string;
  readonly replace: string;
  /** The jobs in which it is hunted. Default: dataflows of every kind, without loops. */
  readonly arena?: Arena;
  /** What is broken, for the table: a sentence without its full stop. */
  readonly about: string;
  /** What the simulator lacks to see it. Such a bug is left out of the table until it is caught: `npm run test:mutants -- --waiting`. */
  readonly waits?: string;
}

export function patched(mutant: Mutant, source: string): string {
  const { id, file, find, replace } = mutant;
  const parts = source.split(find);
  if (parts.length !== 2) {
    const places = parts.length === 1 ? "is not there any more" : `is there ${parts.length - 1} times`;
    throw new Error(`mutant ${id}: its text ${places} in ${file}: write the patch anew\n${find}`);
  }
  return parts.join(replace);
}
