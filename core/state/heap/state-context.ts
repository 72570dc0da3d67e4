/** What every handle gets of its backend. */
import type { Cursor } from "./cursor.ts";
import type { Premises } from "./removal.ts";
import type { StateEntry } from "./state-table.ts";
import type { Sweeper } from "./sweeper.ts";

export interface StateContext extends Premises {
  readonly cursor: Cursor;
  readonly state: StateEntry;
  /** For state with TTL: removes what is expired, a few cells per access. */
  readonly sweeper: Sweeper;
  /** Development mode: refuses at once, with `MR4101`, what could not be saved. Otherwise undefined. */
  readonly check: ((value: unknown) => void) | undefined;
}
