/**
 * The bytes that open each value of the row codec. Frozen: saved state holds them. New kinds take new numbers.
 *
 * 128 and above are the whole numbers 0 to 127 themselves, the most common values in state.
 */
export const TAG_UNDEFINED = 0;
export const TAG_NULL = 1;
export const TAG_TRUE = 2;
export const TAG_FALSE = 3;
/** Zigzag varint of a 32-bit integer. */
export const TAG_INT = 4;
export const TAG_FLOAT = 5;
export const TAG_BIGINT_64 = 6;
/** Sign byte, length, magnitude with the highest byte first. */
export const TAG_BIGINT = 7;
/** Length, one byte per code unit. */
export const TAG_LATIN1 = 8;
/** Length in code units, two bytes each, so that lone surrogates survive. */
export const TAG_UTF16 = 9;
export const TAG_DATE = 10;
export const TAG_ARRAY = 11;
/** Length, number of elements present, then index and value of each. */
export const TAG_SPARSE_ARRAY = 12;
/** Number of a shape, values in its order. */
export const TAG_OBJECT = 13;
/** Count and names, values; the shape takes the next number. */
export const TAG_OBJECT_NEW_SHAPE = 14;
/** Count, then name and value in turn; for objects used as dictionaries. */
export const TAG_OBJECT_INLINE = 15;
/** Added to the three above for objects without prototype. */
export const NULL_PROTOTYPE_OFFSET = 3;
export const TAG_MAP = 19;
export const TAG_SET = 20;
export const TAG_UINT8_ARRAY = 21;
/** Node's `Buffer`. */
export const TAG_BUFFER = 22;
export const TAG_ARRAY_BUFFER = 23;
/** Position in {@link VIEW_NAMES}, length in bytes, the bytes in the machine's order (little-endian everywhere that Node runs). */
export const TAG_VIEW = 24;
/** Name in the class registry, then the plain value that stands for the instance. */
export const TAG_CLASS = 25;

export const SMALL_INT_OFFSET = 128;

export const VIEW_NAMES: readonly string[] = [
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
];

/** Deeper nesting is refused: it is nearly always a cycle, and the recursion must not exhaust the stack. */
export const DEPTH_MAX = 500;

/** Objects with more fields are dictionaries: their names are written with them, so that they do not fill the shape table. */
export const SHAPE_FIELDS_MAX = 64;
/** As many shapes a buffer's table holds; later ones are written inline. */
export const SHAPES_MAX = 4_096;
