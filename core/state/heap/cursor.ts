/** What all states of one operator look at: the row of the current key, and the current namespace. Written per record, read per access. */
import type { Namespace } from "../keyed-state.ts";
import type { Row } from "./row.ts";

export interface Cursor {
  row: Row;
  namespace: Namespace;
}
