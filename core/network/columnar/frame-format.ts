/**
 * The layout of a columnar frame: what encoder and decoder have to agree on. Read this first, then `frame-encoder.ts` and `frame-decoder.ts`.
 *
 * ```text
 *  0        1           4        8               12        16
 * ┌─────────┬───────────┬────────┬───────────────┬─────────┬──────────┬──────────────┬─────────────────┐
 * │ version │ 0 0 0     │ count  │ header bytes  │ 0 0 0 0 │ header   │ timestamps   │ columns         │
 * │ 1 byte  │           │ uint32 │ uint32        │         │ + pad    │ float64×count│                 │
 * └─────────┴───────────┴────────┴───────────────┴─────────┴──────────┴──────────────┴─────────────────┘
 * ```
 *
 * The header is the tree of columns, and holds nothing that changes from frame to frame while the records look alike, so that a decoder knows it by its
 * bytes. A column is one kind byte, and for some kinds what follows it:
 *
 * - `OBJECT` count of fields, then each name (uint16 length, UTF-16), then one column per field. `TUPLE` count, then one column per element.
 * - `LIST` the column of all elements. `MIXED` count of kinds, then one column per kind: its data begin with one byte per value that says which.
 *
 * Every column starts at a multiple of 8 bytes, and takes at least a byte per value, also where there is nothing to say (`NULL`, fields that are absent):
 * so a reader can hold any count against the bytes that are left, and damaged bytes make it allocate no more than a multiple of their own length. Numbers
 * are little-endian, as typed arrays are everywhere that Node.js runs. Frames may lie in checkpoints: a new layout takes a new version.
 */
export const FRAME_VERSION = 1;
export const PREFIX_BYTES = 16;
export const ALIGNMENT = 8;

export const KIND_NULL = 0;
export const KIND_UNDEFINED = 1;
/** Only within an object: the field is not there. */
export const KIND_ABSENT = 2;
export const KIND_BOOLEAN = 3;
export const KIND_INT32 = 4;
export const KIND_FLOAT64 = 5;
/** Lengths (uint32), length of the text (uint32), then the text of all values in one piece, a byte per code unit. */
export const KIND_LATIN1 = 6;
/** The same with two bytes per code unit, so that lone surrogates survive. */
export const KIND_UTF16 = 7;
export const KIND_BIGINT64 = 8;
export const KIND_DATE = 9;
/** `Uint8Array`: lengths (uint32), then the bytes of all values. */
export const KIND_BYTES = 10;
/** Whatever the columns have no kind of their own for: length (uint32), then the values one after the other in the row codec. */
export const KIND_ROWS = 11;
/** Lengths (uint32), then the column of the elements. */
export const KIND_LIST = 12;
/** Text, the same for all: length (uint32), bytes per code unit (uint32), the text once, then a zero per value. */
export const KIND_SAME_TEXT = 13;
export const KIND_OBJECT = 14;
export const KIND_TUPLE = 15;
export const KIND_MIXED = 16;

/** Shapes of objects and tuples in one column; beyond, the column is rows. */
export const SHAPES_MAX = 16;
/** Kinds in one mixed column: each below `KIND_OBJECT` once, and the shapes. */
export const MIXED_KINDS_MAX: number = KIND_OBJECT + SHAPES_MAX;
/** In a shorter batch many a field is the same by chance, and every combination of such fields would need a builder of its own. */
export const SAME_TEXT_MIN = 16;
/** Longer text is hardly a label; whoever sizes batches by the bytes of earlier frames is not misled by a large record that comes many times. */
export const SAME_TEXT_LENGTH_MAX = 64;
/** Objects with more fields are dictionaries rather than records: rows. */
export const FIELDS_MAX = 64;
/** Longer arrays are lists, even if all have the same length. */
export const TUPLE_LENGTH_MAX = 8;
/** Objects within objects; deeper ones are rows, which also ends the descent into a cycle. */
export const COLUMN_DEPTH_MAX = 8;

/** Stands in a column for a field that its object does not have. Never leaves the codec. */
export const ABSENT: symbol = Symbol("absent");
