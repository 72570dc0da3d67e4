/** The few keys, windows and times that the keyed state property plays with, so that its commands meet each other. */
import type { Namespace } from "../../../core/state/keyed-state.ts";

export const MAX_PARALLELISM = 8;
export const TTL_MS = 10;

/** One of each kind, and some that are easily confused. */
export const KEYS: readonly unknown[] = [
  "a",
  "",
  0,
  1,
  "1",
  1n,
  true,
  ["t", 1],
  { a: 1, b: [2] },
  -7.5,
  2 ** 40,
  "\u0000s",
  "user-17",
  99,
  100,
  101,
];

/** The last three make the targets of timers do something. */
export const NAMESPACES: readonly Namespace[] = [0, 60_000, "w", "del", "again", 3];
