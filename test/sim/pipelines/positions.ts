/** How far a savepoint has read the splits of `listSource`: what the interpreter has to know of a job that was drained. */
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { decodeValue } from "../../../core/types/value-codec.ts";
import type { ListSplit } from "./list-source.ts";

/** By split id; splits that it does not know were read to their end. */
export function positionsIn(
  savepoint: Pick<CompletedCheckpoint, "coordinators" | "vertices">,
): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const note = ({ splitId, position }: ListSplit): void => void positions.set(splitId, position);
  for (const { state } of savepoint.coordinators) (decodeValue(state) as ListSplit[]).forEach(note); // as `listSource` saves it
  for (const vertex of savepoint.vertices) {
    for (const operator of vertex.subtasks.flatMap(({ operators }) => operators)) {
      const items = operator.lists.filter(({ name }) => name === "splits").flatMap((list) => list.items);
      for (const item of items) note((decodeValue(item) as { readonly split: ListSplit }).split); // as the source operator saves it
    }
  }
  return positions;
}
