/** Reads a file of keyed state: the header, then entry by entry what it puts and deletes. Refuses, with `MR4005`, what is not whole. */
import { ValueReader } from "../../types/value-codec.ts";
import type { ClassRegistry } from "../../types/value-codec.ts";
import { crc32 } from "../../util/checksum.ts";
import { asError, isMillraceError, MillraceError } from "../../util/errors.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { StateFile } from "../keyed-state.ts";
import * as format from "./section-format.ts";
import type { StateEntry, StateKind, StateTable } from "./state-table.ts";

/** Where entries go; `row` is what the last `key` returned. */
export interface SectionTarget<Row> {
  /** Undefined: the entries of this key are not ours. */
  key(keyGroup: number, key: unknown): Row | undefined;
  /** Reads the rest of an entry, whether or not the row is ours. */
  entry(row: Row | undefined, operation: number, at: EntryHead, reader: ValueReader): void;
}

export interface EntryHead {
  readonly state: StateEntry;
  readonly namespace: unknown;
  readonly hasAccessTime: boolean;
}

export interface FileHeader {
  readonly keyGroups: KeyGroupRange;
  /** It stands alone, as opposed to an increment. */
  readonly full: boolean;
}

/** Checks the file as a whole, then hands its entries to the target. */
export function readFile<Row>(
  file: StateFile,
  contents: Uint8Array,
  options: {
    readonly table: StateTable;
    readonly classes: ClassRegistry | undefined;
    readonly target: SectionTarget<Row>;
  },
): FileHeader {
  const { operatorName } = options.table;
  if (contents.length !== file.bytes || crc32(contents) !== file.checksum) {
    throw corrupt(
      file,
      operatorName,
      `it has ${contents.length} bytes with checksum ${crc32(contents)}, not ${file.bytes} with ${file.checksum}`,
    );
  }
  try {
    const reader = new ValueReader(contents, { classes: options.classes });
    const { header, states } = readHeader(reader, options.table);
    while (!reader.atEnd) readSection(reader, states, options.target);
    return header;
  } catch (error) {
    if (isMillraceError(error) && error.code !== "MR4102") throw error;
    throw corrupt(file, operatorName, asError(error).message);
  }
}

function readHeader(
  reader: ValueReader,
  table: StateTable,
): { readonly header: FileHeader; readonly states: ReadonlyMap<number, StateEntry> } {
  for (const byte of format.MAGIC) {
    if (reader.readByte() !== byte) throw new MillraceError("MR4102", "it is no file of keyed state");
  }
  const version = reader.readUint();
  if (version !== format.FORMAT_VERSION)
    throw new MillraceError("MR4102", `it has format ${version}, this version reads ${format.FORMAT_VERSION}`);
  const keyGroups = { first: reader.readUint(), last: reader.readUint() };
  const full = reader.readByte() === 1;
  const states = new Map<number, StateEntry>();
  for (let left = reader.readUint(); left > 0; left -= 1) {
    const index = reader.readUint();
    const name = reader.readString();
    const kind = reader.readString() as StateKind; // written from one
    states.set(index, table.restored(name, kind, reader.readByte() === 1));
  }
  return { header: { keyGroups, full }, states };
}

function readSection<Row>(
  reader: ValueReader,
  states: ReadonlyMap<number, StateEntry>,
  target: SectionTarget<Row>,
): void {
  reader.beginStream();
  let row: Row | undefined;
  for (;;) {
    const flags = reader.readByte();
    if (flags === format.END) return;
    if (flags === format.KEY) {
      const keyGroup = reader.readUint();
      row = target.key(keyGroup, reader.readValue());
      continue;
    }
    const state = states.get(reader.readUint());
    if (state === undefined)
      throw new MillraceError("MR4102", "an entry belongs to a state that the header does not name");
    const namespace = (flags & format.HAS_NAMESPACE) === 0 ? undefined : reader.readValue();
    target.entry(
      row,
      flags & format.OPERATION,
      { state, namespace, hasAccessTime: (flags & format.HAS_ACCESS_TIME) !== 0 },
      reader,
    );
  }
}

function corrupt(file: StateFile, operatorName: string, why: string): MillraceError {
  return new MillraceError(
    "MR4005",
    `the state file ${file.path} of operator "${operatorName}" is damaged (${why}): restore from another checkpoint`,
    { retryable: false },
  );
}
