/**
 * The bytes of keyed state, the frozen part: what opens a file, and the operations in its sections.
 *
 * ```
 * file     magic "MRKS", version, first and last key group, full?, number of states, states, sections
 * state    number, name, kind, namespaced?
 * section  entries, END; its values share one table of shapes; an increment's tombstones form a section before its puts
 * entry    operation | flags, state, namespace if flagged, what identifies the cell in its container, access time if flagged, value
 * ```
 *
 * An entry belongs to the key of the last KEY before it (key group, key).
 */
export const MAGIC: readonly number[] = [0x4d, 0x52, 0x4b, 0x53];
export const FORMAT_VERSION = 1;

export const END = 0;
export const KEY = 1;
export const PUT_VALUE = 2;
export const PUT_CHUNK = 3;
export const PUT_ENTRY = 4;
export const PUT_TIMER = 5;
export const DELETE_VALUE = 6;
export const DELETE_CHUNK = 7;
export const DELETE_ENTRY = 8;
export const DELETE_TIMER = 9;
/** All cells of the key, state and namespace. */
export const DROP = 10;

export const HAS_NAMESPACE = 32;
export const HAS_ACCESS_TIME = 64;
export const OPERATION = 31;
