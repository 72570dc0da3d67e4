/**
 * Keys of map state, compared by value as those of `keyBy`, for use in one JavaScript map that keeps their order: primitives are themselves, tuples
 * and objects are their canonical text, marked so that no text of a user is equal to it.
 */
import { canonicalKey, isPrimitiveKey, refuseKey } from "../../types/key.ts";

const MARK = "\u0000";

/** Hot: numbers and ordinary text are returned as they are. */
export function mapKey(key: unknown): unknown {
  if (typeof key === "string") return key.charCodeAt(0) === 0 ? `${MARK}t${key}` : key;
  if (isPrimitiveKey(key)) return key;
  if (typeof key !== "object" || key === null) refuseKey(key);
  return `${MARK}s${canonicalKey(key)}`;
}

/** The key as it is kept and handed out: objects are copied by the caller, and -0 is 0. */
export function plainKey(key: unknown): unknown {
  return key === 0 ? 0 : key;
}
